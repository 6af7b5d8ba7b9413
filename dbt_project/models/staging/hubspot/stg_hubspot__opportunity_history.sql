-- Changes of deals with the values after each; the first row is the state at creation.
with deal_states as (
    select * from {{ ref('base_hubspot__deal_states') }}
),

stages as (
    select * from {{ ref('base_hubspot__stages') }}
),

user_owners as (
    select * from {{ ref('base_hubspot__user_owners') }}
)

select
    {{ source_id('hubspot', 'deal_states.deal_id') }} as opportunity_id,
    {{ source_id('hubspot', 'stages.pipeline') }} as pipeline,
    stages.stage,
    {{ source_id('hubspot', "nullif(deal_states.hubspot_owner_id, '')") }} as owner_id,
    {{ source_id('hubspot', 'user_owners.owner_id') }} as changed_by,
    nullif(deal_states.forecast_category, '') as forecast_category,
    {{ unreadable({
        'changed_at': ['deal_states.changed_at', hubspot_moment('deal_states.changed_at')],
        'amount': ['deal_states.amount', 'try_cast(deal_states.amount as decimal(18, 4))'],
        'close_date': ['deal_states.closedate', hubspot_moment('deal_states.closedate')],
    }) }} as unreadable,
    try_cast(deal_states.amount as decimal(18, 4)) as amount,
    {{ hubspot_day('deal_states.closedate') }} as close_date,
    {{ hubspot_moment('deal_states.changed_at') }} as changed_at
from deal_states
left join stages
    on
        coalesce(deal_states.pipeline_id, 'default') = stages.pipeline_id
        and deal_states.stage_id = stages.stage_id
left join user_owners
    on deal_states.updated_by_user_id = user_owners.user_id
