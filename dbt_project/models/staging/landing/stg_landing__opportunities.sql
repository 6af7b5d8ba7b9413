-- Opportunities, one row each in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__opportunities') }}
)

select
    landed.opportunity_id,
    landed.account_id,
    landed.owner_id,
    landed.name,
    landed.pipeline,
    landed.stage,
    landed.type,
    landed.currency,
    landed.lead_source,
    landed.product,
    landed.loss_reason,
    landed.amount,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.close_date,
    landed.created_at,
    {% for name in landed_pass_through_names('opportunities') %}
    landed.{{ adapter.quote(name) }},
    {% endfor %}
    landed.updated_at
from landed
