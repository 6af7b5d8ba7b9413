-- What each team won month by month, beside its quota.
-- figures: kpi_team_scorecard by team, period_type, period_start
-- page: team by team
select team, period_type, period_start, period_end, won_amount, quota_amount, attainment
from marts.kpi_team_scorecard
where period_type = 'month' and period_start between $first_month and $month
order by team, period_start
