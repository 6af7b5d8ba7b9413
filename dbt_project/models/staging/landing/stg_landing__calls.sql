-- Telephone calls, one row a call in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__calls') }}
)

select
    landed.call_id,
    landed.user_id,
    landed.opportunity_id,
    landed.account_id,
    landed.lead_id,
    landed.direction,
    landed.disposition,
    landed.duration_seconds,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.started_at,
    {% for name in landed_pass_through_names('calls') %}
    landed.{{ adapter.quote(name) }},
    {% endfor %}
    landed.updated_at
from landed
