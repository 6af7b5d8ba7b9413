-- Messages and visits up to the as-of moment, with their local day and whether they are answered by then.
with touches as (
    select * from {{ ref('int_touches_unioned') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
)

select
    touches.touch_id,
    coalesce(touches.user_id, 'unassigned') as user_id,
    touches.lead_id,
    touches.channel,
    coalesce(touches.is_automated, false) as is_automated,
    coalesce(touches.replied_at <= {{ as_of() }}, false) as is_replied,
    local_days.local_day as sent_on,
    touches.sent_at
from touches
inner join local_days
    on {{ in_local_day('touches.sent_at', 'local_days') }}
where
    not touches.is_deleted
    and touches.sent_at <= {{ as_of() }}
