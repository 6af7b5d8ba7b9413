-- The plan that each user is under, day by day: of several assignments the one that began last. The spans of a user
-- do not overlap.
with assignments as (
    select
        user_id,
        plan_id,
        valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_to
    from {{ ref('int_comp_assignments_unioned') }}
    where not is_deleted
),

changes as (
    select
        user_id,
        valid_from as change_on
    from assignments
    union
    select
        user_id,
        cast(valid_to + 1 as date) as change_on
    from assignments
    where valid_to < {{ end_of_time() }}
),

spans as (
    select
        user_id,
        change_on as valid_from,
        coalesce(
            cast(lead(change_on) over (partition by user_id order by change_on) - 1 as date), {{ end_of_time() }}
        ) as valid_to
    from changes
)

select
    spans.user_id,
    spans.valid_from,
    spans.valid_to,
    {{ last_by('assignments.plan_id', 'assignments.valid_from') }} as plan_id
from spans
inner join assignments
    on
        spans.user_id = assignments.user_id
        and spans.valid_from between assignments.valid_from and assignments.valid_to
group by
    spans.user_id,
    spans.valid_from,
    spans.valid_to
