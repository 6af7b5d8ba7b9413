-- The quarter of each rep who is in a team now.
-- figures: kpi_rep_scorecard by user_id, period_type, period_start
-- page: team by team
select
    rep.team,
    coalesce(rep.full_name, score.user_id) as full_name,
    rep.role,
    score.*
from marts.kpi_rep_scorecard as score
inner join marts.dim_rep as rep using (user_id)
where score.period_type = 'quarter' and score.period_start = $quarter and score.user_id <> 'unassigned'
order by score.won_amount desc, score.user_id
