-- Deals as opportunities, one row each as HubSpot last said.
with deals as (
    select * from {{ hubspot_base('deals') }}
),

stages as (
    select * from {{ ref('base_hubspot__stages') }}
),

connections as (
    select * from {{ ref('base_hubspot__connections') }}
    where from_object = 'deals'
),

merged_records as (
    select * from {{ ref('base_hubspot__merged_records') }}
    where object_type = 'deals'
)

select
    {{ source_id('hubspot', 'deals.id') }} as opportunity_id,
    {{ source_id('hubspot', 'connections.company_id') }} as account_id,
    {{ source_id('hubspot', "nullif(deals.hubspot_owner_id, '')") }} as owner_id,
    deals.dealname as name,
    {{ source_id('hubspot', 'stages.pipeline') }} as pipeline,
    stages.stage,
    nullif(deals.dealtype, '') as type,
    upper(nullif(deals.deal_currency_code, '')) as currency,
    nullif(deals.hs_analytics_source, '') as lead_source,
    cast(null as string) as product,
    cast(null as string) as sourced_by_id,
    nullif(deals.closed_lost_reason, '') as loss_reason,
    {{ unreadable({
        'amount': ['deals.amount', 'try_cast(deals.amount as decimal(18, 4))'],
        'created_at': ['deals.createdate', hubspot_moment('deals.createdate')],
        'close_date': ['deals.closedate', hubspot_moment('deals.closedate')],
        'updated_at': ['deals.modified_at', hubspot_moment('deals.modified_at')],
    }) }} as unreadable,
    try_cast(deals.amount as decimal(18, 4)) as amount,
    deals.is_archived or merged_records.id is not null as is_deleted,
    {{ hubspot_moment('deals.createdate') }} as created_at,
    {{ hubspot_day('deals.closedate') }} as close_date,
    {% for column, name in landed_pass_through('opportunities', hubspot_base('deals')) %}
    deals.{{ column }} as {{ name }},
    {% endfor %}
    {{ hubspot_moment('deals.modified_at') }} as updated_at
from deals
left join stages
    on
        coalesce(deals.pipeline, 'default') = stages.pipeline_id
        and deals.dealstage = stages.stage_id
left join connections
    on deals.id = connections.id
left join merged_records
    on deals.id = merged_records.id
