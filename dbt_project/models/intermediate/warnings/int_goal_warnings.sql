-- Warnings on goals. Each names the goal.
with goals as (
    select * from {{ ref('int_goals') }}
),

goals_on_nothing as (
    select goal_id as subject
    from goals
    where not is_goal_metric
)

{{ named_warnings(
    'no_goal_metric', 'goals',
    'Goals on what is no goal metric of such an owner in kpi_catalogue; they have no actual.',
    'goals_on_nothing'
) }}
