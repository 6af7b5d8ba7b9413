-- The figures of each rep in the periods that pages show.
-- figures: kpi_rep_scorecard by user_id, period_type, period_start
-- page: rep by user_id
select * exclude (bookings_rank) from marts.kpi_rep_scorecard
where (period_type, period_start) in (('month', $month), ('quarter', $quarter), ('quarter', $last_quarter), ('year', $year))
