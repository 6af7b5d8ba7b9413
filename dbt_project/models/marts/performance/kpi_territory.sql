-- The results of each territory and of all that lies in it, and how its accounts stand to its quota, for each month,
-- fiscal quarter and fiscal year since the first event.
{% set measures = ['won_count', 'won_amount', 'lost_count', 'quota_amount', 'open_amount', 'account_count'] %}
{% set grain = ['period_type', 'period_start', 'territory'] %}

with scorecard_parts as (
    select * from {{ ref('int_scorecard_parts') }}
),

territory_accounts as (
    select * from {{ ref('int_territory_accounts') }}
),

tree as (
    select * from {{ ref('int_territory_tree') }}
),

links as (
    select * from {{ ref('int_territory_links') }}
    where not is_in_cycle
),

periods as (
    select * from {{ ref('int_periods') }}
),

parents as (
    select distinct parent as territory
    from links
),

employed as (
    select
        period_type,
        period_start,
        territory,
        user_id as employed_id
    from scorecard_parts
    where is_employed
),

parts as (
    {{ union_by_name({
        'scorecard_parts': grain + measures | reject('equalto', 'account_count') | list,
        'territory_accounts': grain + ['account_count'],
        'employed': grain + ['employed_id'],
    }) }}
),

companies as (
    select
        period_type,
        period_start,
        sum(quota_amount) as company_quota_amount,
        sum(account_count) as company_account_count
    from parts
    group by period_type, period_start
),

summed as (
    select
        parts.period_type,
        parts.period_start,
        tree.area as territory,
        {% for measure in measures if measure != 'quota_amount' %}
        coalesce(sum(parts.{{ measure }}), 0) as {{ measure }},
        {% endfor %}
        sum(parts.quota_amount) as quota_amount,
        count(distinct parts.employed_id) as rep_count
    from parts
    inner join tree
        on parts.territory = tree.territory
    group by parts.period_type, parts.period_start, tree.area
),

shared as (
    select
        summed.*,
        {{ ratio('summed.quota_amount', 'companies.company_quota_amount') }} as quota_share,
        {{ ratio('summed.account_count', 'companies.company_account_count') }} as account_share
    from summed
    inner join companies
        on
            summed.period_type = companies.period_type
            and summed.period_start = companies.period_start
    where
        summed.rep_count <> 0
        {% for measure in measures %}
        or summed.{{ measure }} <> 0
        {% endfor %}
)

select
    shared.period_type,
    shared.territory,
    links.parent,
    cast(shared.won_count as integer) as won_count,
    cast(shared.won_amount as decimal(18, 2)) as won_amount,
    cast(shared.lost_count as integer) as lost_count,
    {{ ratio('shared.won_count', 'shared.won_count + shared.lost_count') }} as win_rate,
    cast(shared.quota_amount as decimal(18, 2)) as quota_amount,
    {{ ratio('shared.won_amount', 'shared.quota_amount') }} as attainment,
    cast(shared.open_amount as decimal(18, 2)) as open_amount,
    cast(shared.rep_count as integer) as rep_count,
    cast(shared.account_count as integer) as account_count,
    shared.quota_share,
    shared.account_share,
    {{ ratio('shared.account_share', 'shared.quota_share') }} as balance,
    parents.territory is not null as has_children,
    shared.period_start,
    periods.period_end
from shared
inner join periods
    on
        shared.period_type = periods.period_type
        and shared.period_start = periods.period_start
left join links
    on shared.territory = links.territory
left join parents
    on shared.territory = parents.territory
