-- Answers to surveys up to the as-of moment, with their local day.
with surveys as (
    select * from {{ ref('int_surveys_unioned') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
)

select
    surveys.response_id,
    surveys.user_id,
    surveys.account_id,
    surveys.opportunity_id,
    surveys.kind,
    surveys.score,
    local_days.local_day as responded_on,
    surveys.responded_at
from surveys
inner join local_days
    on {{ in_local_day('surveys.responded_at', 'local_days') }}
where
    not surveys.is_deleted
    and surveys.responded_at <= {{ as_of() }}
