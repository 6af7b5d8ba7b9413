-- What campaigns cost, one row per campaign and month.
--
-- Salesforce keeps one sum per campaign, which grows while it runs: it is spread evenly over the campaign's days up to
-- the as-of day, in cents that add up to it. A campaign without an end, or not begun by then, costs in the month of its
-- first day. The cost of the campaigns below one is their own.
with campaigns as (
    select * from {{ ref('base_salesforce__campaigns') }}
),

typed as (
    select
        *,
        try_cast(actual_cost as decimal(18, 4)) as whole_amount,
        coalesce({{ salesforce_day('start_date') }}, {{ salesforce_day('created_date') }}) as first_day,
        {{ salesforce_day('end_date') }} as end_day
    from campaigns
    where actual_cost <> '' and try_cast(actual_cost as decimal(18, 4)) is distinct from 0
),

bounded as (
    select
        *,
        case
            when end_day is null then first_day
            else greatest(first_day, least(end_day, {{ as_of_day() }}))
        end as last_day_counted
    from typed
),

spread as (
    select
        *,
        {{ explode_integers(month_index('first_day'), month_index('last_day_counted')) }} as month_number
    from bounded
),

shared as (
    select
        *,
        {{ month_start('month_number') }} as month,
        {{ dates_between('first_day', 'last_day_counted') }} + 1 as all_days,
        {{ dates_between('first_day', 'least(last_day_counted, last_day(' ~ month_start('month_number') ~ '))') }} + 1
            as days_so_far
    from spread
),

summed as (
    select
        *,
        {{ amount_of_part('cast(whole_amount as decimal(18, 2))', 'days_so_far', 'all_days') }} as amount_so_far
    from shared
)

select
    {{ source_id('salesforce', "id || '-' || substr(cast(month as string), 1, 7)") }} as spend_id,
    'marketing' as category,
    nullif(type, '') as channel,
    currency_iso_code as currency,
    {{ unreadable({
        'amount': ['actual_cost', 'whole_amount'],
        'month': ['start_date', salesforce_day('start_date')],
        'updated_at': ['last_modified_date', salesforce_moment('last_modified_date')],
    }) }} as unreadable,
    cast(
        case when month_number = {{ month_index('last_day_counted') }} then whole_amount else amount_so_far end
        - coalesce(lag(amount_so_far) over (partition by id order by month_number), 0) as decimal(18, 4)
    ) as amount,
    is_deleted,
    greatest(month, first_day) as month,
    {{ salesforce_moment('last_modified_date') }} as updated_at
from summed
