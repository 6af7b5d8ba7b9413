-- Whether each rep is on pace for the quotas that are running.
-- figures: kpi_quota_pace by user_id, period_type, period_start
-- page: rep by user_id
select * from marts.kpi_quota_pace
order by user_id, period_end
