-- Goals of reps that last into the fiscal year.
-- figures: kpi_goal_progress by goal_id
-- page: rep by owner_id
select
    owner_id, goal_id, metric, direction, baseline, target, actual, progress, elapsed_rate, status, is_smart, smart_gaps,
    period_start, period_end
from marts.kpi_goal_progress
where owner_type = 'rep' and period_end >= $year
order by period_start > $as_of_day, period_end desc, goal_id
