-- How far each way of forecasting quarters was off, by the weeks left.
-- figures: kpi_forecast_accuracy by period_type, weeks_left, level, method
-- page: company
select period_type, weeks_left, level, method, period_count, wape, bias
from marts.kpi_forecast_accuracy
where period_type = 'quarter' and level = 'company' and wape is not null
order by weeks_left desc, method
