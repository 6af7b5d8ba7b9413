-- The open stages reached by rep and fiscal quarter, with what became of the opportunities.
with reaches as (
    select * from {{ ref('int_stage_reaches') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
)

select
    reaches.owner_id as user_id,
    reaches.pipeline_key,
    reaches.open_stage_number,
    {{ period_first_month(month_index('reaches.reached_on'), 3) }} as quarter_index,
    count(*) as reached_count,
    count(reaches.advanced_on) as advanced_count,
    count(*) filter (where reaches.advanced_on is null and reaches.is_closed) as lost_count,
    count(*) filter (where reaches.advanced_on is null and not reaches.is_closed) as open_count
from reaches
inner join first_event
    on {{ month_index('reaches.reached_on') }} >= first_event.first_month
group by
    reaches.owner_id,
    reaches.pipeline_key,
    reaches.open_stage_number,
    {{ period_first_month(month_index('reaches.reached_on'), 3) }}
