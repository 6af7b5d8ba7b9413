-- Changes of opportunities, one row a change, with the values after it.
with landed as (
    select * from {{ source('raw', 'landing__opportunity_history') }}
)

select
    landed.opportunity_id,
    landed.owner_id,
    landed.changed_by,
    landed.pipeline,
    landed.stage,
    landed.forecast_category,
    landed.amount,
    landed.close_date,
    landed.changed_at
from landed
