-- Warnings on goals; which goals they are, `smart_gaps` of kpi_goal_progress says.
with goals as (
    select * from {{ ref('int_goals') }}
)

select
    'no_goal_metric' as rule,
    'goals' as entity,
    'Goals on what is no goal metric of such an owner in kpi_catalogue; they have no actual.' as description,
    count(*) as row_count
from goals
where not is_goal_metric
