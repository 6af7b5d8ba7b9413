-- Customer companies, one row an account in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__accounts') }}
)

select
    landed.account_id,
    landed.owner_id,
    landed.name,
    landed.industry,
    landed.segment,
    landed.country,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.created_at,
    {% for name in landed_pass_through_names('accounts') %}
    landed.{{ adapter.quote(name) }},
    {% endfor %}
    landed.updated_at
from landed
