-- Leads, one row a lead in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__leads') }}
)

select
    landed.lead_id,
    landed.owner_id,
    landed.account_id,
    landed.opportunity_id,
    landed.source,
    landed.status,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.created_at,
    landed.converted_at,
    landed.updated_at
from landed
