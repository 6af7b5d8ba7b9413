-- The lines of the ledger that these payments are made of.
-- figures: fct_commission by user_id, plan_id, pay_period_start, line_number
-- page: rep by user_id
select
    line.user_id, line.plan_id, line.pay_period_start, line.line_number, line.component, line.opportunity_id,
    deal.name as opportunity_name, line.tier, line.credited_amount, line.rate, line.commission_amount, line.counted_on
from marts.fct_commission as line
inner join marts.kpi_commission_statement as statement
    on
        line.user_id = statement.user_id
        and line.plan_id = statement.plan_id
        and line.pay_period_start = statement.pay_period_start
left join marts.fct_opportunity as deal on line.opportunity_id = deal.opportunity_id
where statement.pay_period_end >= $year
order by line.user_id, line.pay_period_start desc, line.plan_id, line.line_number
