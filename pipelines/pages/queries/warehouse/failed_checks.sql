-- The checks that failed in that run.
-- figures: quality.expectation_result by run_id, suite, table_name, expectation
-- page: data
select run_id, suite, table_name, expectation, severity, observed, expected, meaning
from warehouse.quality.expectation_result
where run_id = (select max_by(run_id, checked_at) from warehouse.quality.expectation_result) and not success
order by severity, suite, table_name, expectation
