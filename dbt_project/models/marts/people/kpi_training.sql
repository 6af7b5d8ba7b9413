-- Courses assigned to each rep and what became of them, by program.
with training_records as (
    select * from {{ ref('int_training_records_unioned') }}
    where
        not is_deleted
        and assigned_at <= {{ as_of() }}
),

courses as (
    select * from {{ ref('int_courses_unioned') }}
    where not is_deleted
),

records as (
    select
        training_records.user_id,
        coalesce(nullif(courses.program, ''), 'none') as program,
        training_records.score,
        coalesce(training_records.completed_at <= {{ as_of() }}, false) as is_completed,
        coalesce(training_records.due_on < {{ as_of_day() }}, false) as is_due
    from training_records
    left join courses
        on training_records.course_id = courses.course_id
),

counted as (
    select
        user_id,
        program,
        count(*) as assigned_count,
        count(*) filter (where is_completed) as completed_count,
        count(*) filter (where is_due and not is_completed) as overdue_count,
        sum(score) filter (where is_completed) as score_sum,
        count(score) filter (where is_completed) as scored_count
    from records
    group by user_id, program
)

select
    user_id,
    program,
    cast(assigned_count as integer) as assigned_count,
    cast(completed_count as integer) as completed_count,
    cast(overdue_count as integer) as overdue_count,
    {{ ratio('completed_count', 'assigned_count') }} as completion_rate,
    {{ ratio('score_sum', 'scored_count') }} as mean_score
from counted
