-- What each rep is paid for the pay periods of the fiscal year.
-- figures: kpi_commission_statement by user_id, plan_id, pay_period_start
-- page: rep by user_id
select * from marts.kpi_commission_statement
where pay_period_end >= $year
order by user_id, pay_period_start desc, plan_id
