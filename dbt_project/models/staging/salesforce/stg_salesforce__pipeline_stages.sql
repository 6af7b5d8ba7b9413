-- Stages of opportunities, deleted ones that history names included. Salesforce has one picklist of stages,
-- so there is one pipeline.
with stages as (
    select * from {{ ref('base_salesforce__stages') }}
)

select
    {{ source_id('salesforce', "'default'") }} as pipeline,
    stage,
    forecast_category,
    cast(null as string) as unreadable,
    position,
    cast(probability as decimal(9, 6)) as probability,
    is_closed or is_won as is_closed,
    is_won
from stages
