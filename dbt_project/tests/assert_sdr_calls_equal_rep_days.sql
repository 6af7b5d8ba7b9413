-- What: each rep's outbound and connected calls on the SDR scorecard are those of fct_rep_day.
-- Why: the same rep reads both.
-- A failure means that a call counts in one of them alone, or that two parts of the scorecard were multiplied.
with scorecards as (
    select
        user_id,
        sum(outbound_calls) as outbound_calls,
        sum(connected_calls) as connected_calls
    from {{ ref('kpi_sdr_scorecard') }}
    group by user_id
),

rep_days as (
    select
        user_id,
        sum(outbound_calls) as outbound_calls,
        sum(connected_calls) as connected_calls
    from {{ ref('fct_rep_day') }}
    group by user_id
)

select
    coalesce(rep_days.user_id, scorecards.user_id) as user_id,
    scorecards.outbound_calls,
    rep_days.outbound_calls as outbound_calls_of_days,
    scorecards.connected_calls,
    rep_days.connected_calls as connected_calls_of_days
from rep_days
full join scorecards
    on rep_days.user_id = scorecards.user_id
where
    coalesce(scorecards.outbound_calls, 0) <> coalesce(rep_days.outbound_calls, 0)
    or coalesce(scorecards.connected_calls, 0) <> coalesce(rep_days.connected_calls, 0)
