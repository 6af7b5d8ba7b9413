-- What: a rep's open opportunities at the end of a month are as many in the scorecard as in fct_rep_day.
-- Why: the scorecard finds them from the states that hold at the boundary, fct_rep_day from a running
-- total.
-- A failure means that one of the two loses a state, or takes its day in another way.
with scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
    where period_type = 'month'
),

rep_days as (
    select * from {{ ref('fct_rep_day') }}
)

select
    scorecard.user_id,
    scorecard.period_end,
    scorecard.open_count,
    rep_days.open_count as open_count_by_day
from scorecard
left join rep_days
    on
        scorecard.user_id = rep_days.user_id
        and least(scorecard.period_end, {{ as_of_day() }}) = rep_days.date_day
where scorecard.open_count <> coalesce(rep_days.open_count, 0)
