-- The company's figures in the periods that pages show.
-- figures: kpi_company_scorecard by period_type, period_start
-- page: company
select * from marts.kpi_company_scorecard
where (period_type, period_start) in (('month', $month), ('quarter', $quarter), ('quarter', $last_quarter), ('year', $year))
