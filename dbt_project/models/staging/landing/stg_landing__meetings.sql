-- Meetings, one row each in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__meetings') }}
)

select
    landed.meeting_id,
    landed.user_id,
    landed.opportunity_id,
    landed.account_id,
    landed.lead_id,
    landed.status,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.starts_at,
    landed.ends_at,
    landed.updated_at
from landed
