-- Opportunities, one row each as Salesforce last said. There is no standard field for a reason of loss.
with opportunities as (
    select * from {{ ref('base_salesforce__opportunities') }}
),

opportunity_products as (
    select * from {{ ref('base_salesforce__opportunity_products') }}
),

stage_labels as (
    select * from {{ ref('base_salesforce__stage_labels') }}
)

select
    {{ source_id('salesforce', 'opportunities.id') }} as opportunity_id,
    {{ source_id('salesforce', 'opportunities.account_id') }} as account_id,
    {{ source_id('salesforce', 'opportunities.owner_id') }} as owner_id,
    opportunities.name,
    {{ source_id('salesforce', "'default'") }} as pipeline,
    coalesce(stage_labels.stage, opportunities.stage_name) as stage,
    opportunities.type,
    opportunities.currency_iso_code as currency,
    opportunities.lead_source,
    opportunity_products.product,
    cast(null as string) as sourced_by_id,
    cast(null as string) as loss_reason,
    {{ unreadable({
        'amount': ['opportunities.amount', 'try_cast(opportunities.amount as decimal(18, 4))'],
        'created_at': ['opportunities.created_date', salesforce_moment('opportunities.created_date')],
        'close_date': ['opportunities.close_date', salesforce_day('opportunities.close_date')],
        'updated_at': ['opportunities.last_modified_date', salesforce_moment('opportunities.last_modified_date')],
    }) }} as unreadable,
    try_cast(opportunities.amount as decimal(18, 4)) as amount,
    opportunities.is_deleted,
    {{ salesforce_moment('opportunities.created_date') }} as created_at,
    {{ salesforce_day('opportunities.close_date') }} as close_date,
    {% for column, name in landed_pass_through('opportunities', ref('base_salesforce__opportunities')) %}
    opportunities.{{ column }} as {{ name }},
    {% endfor %}
    {{ salesforce_moment('opportunities.last_modified_date') }} as updated_at
from opportunities
left join opportunity_products
    on opportunities.id = opportunity_products.opportunity_id
left join stage_labels
    on opportunities.stage_name = stage_labels.stage_name
