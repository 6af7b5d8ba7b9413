-- Calls that exist at the as-of moment, with their local day and what counts of them.
with calls as (
    select * from {{ ref('int_calls_unioned') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
)

select
    calls.*,
    local_days.local_day as call_on,
    coalesce(calls.disposition = 'connected', false) as is_connected,
    coalesce(calls.duration_seconds > {{ var('max_call_seconds') }}, false) as is_suspect
from calls
inner join local_days
    on {{ in_local_day('calls.started_at', 'local_days') }}
where
    not calls.is_deleted
    and calls.started_at <= {{ as_of() }}
