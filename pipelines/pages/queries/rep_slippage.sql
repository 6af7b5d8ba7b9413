-- What became of what was due in the quarter and the one before.
-- figures: kpi_slippage by owner_id, period_type, period_start
-- page: rep by owner_id
select * from marts.kpi_slippage
where period_type = 'quarter' and period_start in ($quarter, $last_quarter)
order by owner_id, period_start desc
