-- What: courses assigned to each rep and completed by them are the records that were landed, less deleted and later
-- ones.
-- Why: a record counts whether its course is known or not.
-- A failure means that a record fell with its course, or counts in two programs.
with training as (
    select
        user_id,
        sum(assigned_count) as assigned_count,
        sum(completed_count) as completed_count
    from {{ ref('kpi_training') }}
    group by user_id
),

landed as (
    select
        user_id,
        count(*) as assigned_count,
        count(*) filter (where completed_at <= {{ as_of() }}) as completed_count
    from {{ ref('int_training_records_unioned') }}
    where
        not is_deleted
        and assigned_at <= {{ as_of() }}
    group by user_id
)

select
    coalesce(training.user_id, landed.user_id) as user_id,
    training.assigned_count,
    landed.assigned_count as landed_count,
    training.completed_count,
    landed.completed_count as landed_completed_count
from training
full join landed
    on training.user_id = landed.user_id
where
    training.assigned_count is distinct from landed.assigned_count
    or training.completed_count is distinct from landed.completed_count
