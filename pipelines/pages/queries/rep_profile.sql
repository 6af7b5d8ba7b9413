-- Who has a page: whoever was employed, or has a figure, in the fiscal year.
-- figures: dim_rep by user_id
-- page: rep by user_id
select user_id, coalesce(full_name, user_id) as full_name, role, team, territory, hired_on
from marts.dim_rep as rep
where
    user_id <> 'unassigned'
    and exists (
        select 1 from marts.kpi_rep_scorecard as score
        where score.user_id = rep.user_id and score.period_type = 'year' and score.period_start = $year
    )
order by full_name, user_id
