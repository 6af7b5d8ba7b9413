-- The quarter's forecast as it stood week by week.
-- sums: kpi_forecast by period_type, period_start, snapshot_on
-- page: company
select
    period_type,
    period_start,
    snapshot_on,
    max(weeks_left) as weeks_left,
    sum(won_amount) as won_amount,
    sum(commit_amount) as commit_amount,
    sum(best_case_amount) as best_case_amount,
    sum(pipeline_amount) as pipeline_amount,
    sum(forecast_amount) as forecast_amount,
    sum(cast(projected_amount as decimal(18, 2))) as projected_amount
from marts.kpi_forecast
where period_type = 'quarter' and period_start = $quarter
group by all
order by snapshot_on
