-- Every id by which a fact names a rep, with the number of rows that do, by entity.
with states as (
    select * from {{ ref('int_opportunity_states') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

quotas as (
    select * from {{ ref('int_quotas_unioned') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
){% for entity in rep_columns() %},

{{ entity }} as (
    select * from {{ ref('int_' ~ entity ~ '_unioned') }}
)
{%- endfor %}

select
    'opportunities' as entity,
    owner_id as user_id,
    count(*) as row_count
from opportunities
group by owner_id
union all
select
    'opportunity_history' as entity,
    owner_id as user_id,
    count(*) as row_count
from states
where origin = 'recorded'
group by owner_id
union all
select
    'calls' as entity,
    user_id,
    cast(sum(calls_count) as bigint) as row_count
from calls_daily
group by user_id
union all
select
    'quotas' as entity,
    user_id,
    count(*) as row_count
from quotas
where not is_deleted
group by user_id
union all
select
    'accounts' as entity,
    owner_id as user_id,
    count(*) as row_count
from accounts
group by owner_id
{% for entity, column in rep_columns().items() %}
union all
select
    '{{ entity }}' as entity,
    coalesce({{ column }}, 'unassigned') as user_id,
    count(*) as row_count
from {{ entity }}
where not is_deleted
group by {{ column }}
{% endfor %}
