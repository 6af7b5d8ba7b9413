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
    landed.updated_at
    {{ pass_through_from_source('accounts') }}
from landed
