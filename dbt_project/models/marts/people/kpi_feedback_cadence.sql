-- When each employed rep last got feedback, and what it was like of late.
with users as (
    select * from {{ ref('int_users_unioned') }}
),

reps as (
    select * from {{ ref('dim_rep') }}
    where is_active
),

feedback as (
    select * from {{ ref('int_feedback_unioned') }}
    where
        not is_deleted
        and given_at <= {{ as_of() }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

given as (
    select
        feedback.user_id,
        feedback.kind,
        coalesce(feedback.is_specific, false) as is_specific,
        coalesce(feedback.is_actionable, false) as is_actionable,
        -- The last 90 days end with the as-of day.
        local_days.local_day > {{ as_of_day() }} - 90 as is_recent,
        local_days.local_day as given_on
    from feedback
    inner join local_days
        on {{ in_local_day('feedback.given_at', 'local_days') }}
),

by_rep as (
    select
        user_id,
        count(*) filter (where is_recent) as feedback_90d_count,
        count(*) filter (where is_recent and is_specific) as specific_count,
        count(*) filter (where is_recent and is_actionable) as actionable_count,
        coalesce(bool_or(is_recent and kind = 'recognition'), false) as has_recognition,
        coalesce(bool_or(is_recent and kind = 'improvement'), false) as has_improvement,
        max(given_on) as last_feedback_on
    from given
    group by user_id
),

joined as (
    select
        reps.user_id,
        reps.manager_id,
        by_rep.specific_count,
        by_rep.actionable_count,
        coalesce(by_rep.feedback_90d_count, 0) as feedback_90d_count,
        coalesce(by_rep.has_recognition, false) as has_recognition,
        coalesce(by_rep.has_improvement, false) as has_improvement,
        {{ dates_between('coalesce(by_rep.last_feedback_on, users.hired_on)', as_of_day()) }} as days_since,
        by_rep.last_feedback_on
    from reps
    inner join users
        on reps.user_id = users.user_id
    left join by_rep
        on reps.user_id = by_rep.user_id
)

select
    user_id,
    manager_id,
    days_since,
    cast(feedback_90d_count as integer) as feedback_90d_count,
    {{ ratio('specific_count', 'feedback_90d_count') }} as specific_rate,
    {{ ratio('actionable_count', 'feedback_90d_count') }} as actionable_rate,
    coalesce(days_since > {{ var('feedback_every_days') }}, true) as is_overdue,
    has_recognition,
    has_improvement,
    last_feedback_on
from joined
