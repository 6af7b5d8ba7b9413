-- What each rep with a quota reached of it in the quarter.
-- figures: kpi_rep_scorecard by user_id, period_type, period_start
-- page: company
select
    score.user_id,
    score.period_type,
    score.period_start,
    coalesce(rep.full_name, score.user_id) as full_name,
    coalesce(rep.team, 'unassigned') as team,
    score.won_amount,
    score.quota_amount,
    score.attainment,
    score.win_rate,
    score.open_amount
from marts.kpi_rep_scorecard as score
left join marts.dim_rep as rep using (user_id)
where score.period_type = 'quarter' and score.period_start = $quarter and score.quota_amount > 0
order by score.attainment desc, score.user_id
