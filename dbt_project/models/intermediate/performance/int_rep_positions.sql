-- Where each rep stood, and beneath whom: the versions of dim_rep_version, divided where anybody above changes. In a
-- position team, territory and all managers stay the same, so that what is summed by position is never divided again.
with versions as (
    select * from {{ ref('dim_rep_version') }}
),

rep_managers as (
    select * from {{ ref('int_rep_managers') }}
),

turning_points as (
    select
        user_id,
        valid_from as turns_on
    from versions
    union
    select
        user_id,
        valid_from as turns_on
    from rep_managers
    union
    select
        user_id,
        cast(valid_to + 1 as date) as turns_on
    from rep_managers
    where valid_to < {{ end_of_time() }}
),

stretches as (
    select
        user_id,
        turns_on as valid_from,
        coalesce(
            cast(lead(turns_on) over (partition by user_id order by turns_on) - 1 as date), {{ end_of_time() }}
        ) as valid_to
    from turning_points
)

select
    stretches.user_id,
    versions.team,
    versions.territory,
    stretches.valid_from,
    stretches.valid_to
from stretches
inner join versions
    on
        stretches.user_id = versions.user_id
        and stretches.valid_from between versions.valid_from and versions.valid_to
