-- The figures of each team in the periods that pages show.
-- figures: kpi_team_scorecard by team, period_type, period_start
-- page: team by team
select * from marts.kpi_team_scorecard
where (period_type, period_start) in (('month', $month), ('quarter', $quarter), ('quarter', $last_quarter), ('year', $year))
order by team
