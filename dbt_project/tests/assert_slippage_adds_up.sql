-- What: due = won + lost + slipped + remaining, in counts and amounts, in each row of the slippage report.
-- Why: each opportunity that was due has one outcome at the end of the period.
-- A failure means that one has none, so that its state at the end was not found.
select *
from {{ ref('kpi_slippage') }}
where
    due_count <> won_count + lost_count + slipped_count + remaining_count
    or due_amount <> won_amount + lost_amount + slipped_amount + remaining_amount
