-- What share of the quarter's quota is usually won by now; the same for everybody.
-- figures: kpi_quota_pace by period_type, period_start
-- page: company
select distinct period_type, period_start, expected_rate, elapsed_rate
from marts.kpi_quota_pace
where period_type = 'quarter' and period_start = $quarter
