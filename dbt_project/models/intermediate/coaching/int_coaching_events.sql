-- What may have changed how a rep works: coaching sessions held and courses completed, on their days.
with sessions as (
    select * from {{ ref('int_coaching_sessions_unioned') }}
    where
        not is_deleted
        and held_at <= {{ as_of() }}
),

training_records as (
    select * from {{ ref('int_training_records_unioned') }}
    where
        not is_deleted
        and completed_at <= {{ as_of() }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
)

select
    'session' as event_kind,
    sessions.session_id as event_id,
    sessions.user_id,
    local_days.local_day as event_on
from sessions
inner join local_days
    on {{ in_local_day('sessions.held_at', 'local_days') }}
union all
select
    'course' as event_kind,
    training_records.course_id as event_id,
    training_records.user_id,
    local_days.local_day as event_on
from training_records
inner join local_days
    on {{ in_local_day('training_records.completed_at', 'local_days') }}
