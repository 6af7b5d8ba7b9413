-- What each rep won month by month, beside the quota.
-- figures: kpi_rep_scorecard by user_id, period_type, period_start
-- page: rep by user_id
select user_id, period_type, period_start, period_end, won_amount, quota_amount, attainment
from marts.kpi_rep_scorecard
where period_type = 'month' and period_start between $first_month and $month
order by user_id, period_start
