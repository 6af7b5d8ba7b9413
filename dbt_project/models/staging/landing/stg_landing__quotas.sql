-- Quotas, one row each in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__quotas') }}
)

select
    landed.quota_id,
    landed.user_id,
    landed.metric,
    landed.currency,
    landed.amount,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.period_start,
    landed.period_end,
    landed.updated_at
from landed
