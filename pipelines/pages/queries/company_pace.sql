-- What the reps with a quota have won, have due, and lack in the quarter.
-- sums: kpi_quota_pace by period_type, period_start
-- page: company
select
    period_type,
    period_start,
    sum(quota_amount) as quota_amount,
    sum(won_amount) as won_amount,
    sum(gap_amount) as gap_amount,
    sum(due_amount) as due_amount,
    sum(cast(projected_amount as decimal(18, 2))) as projected_amount
from marts.kpi_quota_pace
where period_type = 'quarter' and period_start = $quarter
group by all
