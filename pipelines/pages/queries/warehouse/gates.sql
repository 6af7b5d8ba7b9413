-- How many checks of the gates passed and failed in the newest run that came to them.
-- counts: quality.expectation_result by run_id, suite, severity, success
-- page: data
select run_id, suite, severity, success, count(*) as row_count
from warehouse.quality.expectation_result
where run_id = (select max_by(run_id, checked_at) from warehouse.quality.expectation_result)
group by all
order by suite, severity, success
