-- How many reps each team has and needs, in the last months.
-- figures: kpi_capacity by team, month
-- page: team by team
select * from marts.kpi_capacity
where month between $month - interval 3 months and $month
order by team, month desc
