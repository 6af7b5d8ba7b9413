-- Meetings that had begun by the as-of moment, with their local day.
with meetings as (
    select * from {{ ref('int_meetings_unioned') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
)

select
    meetings.meeting_id,
    meetings.user_id,
    meetings.lead_id,
    meetings.status,
    local_days.local_day as started_on,
    meetings.starts_at,
    meetings.ends_at
from meetings
inner join local_days
    on {{ in_local_day('meetings.starts_at', 'local_days') }}
where
    not meetings.is_deleted
    and meetings.starts_at <= {{ as_of() }}
