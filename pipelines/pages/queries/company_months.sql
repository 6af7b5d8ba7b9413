-- What the company won month by month, beside its quota.
-- figures: kpi_company_scorecard by period_type, period_start
-- page: company
select period_type, period_start, period_end, won_count, won_amount, quota_amount, attainment, win_rate
from marts.kpi_company_scorecard
where period_type = 'month' and period_start between $first_month and $month
order by period_start
