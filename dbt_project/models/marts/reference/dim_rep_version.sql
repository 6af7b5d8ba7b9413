-- Reps over time: where each stood in the organisation, from the first day to the last. A rep that is in no users row
-- has one version.
{% set attributes = ['compared_role', 'manager_id', 'team', 'territory'] %}

with users as (
    select * from {{ ref('int_users_unioned') }}
),

user_history as (
    select * from {{ ref('int_user_history_unioned') }}
),

rep_references as (
    select * from {{ ref('int_rep_references') }}
),

recorded as (
    select
        user_history.user_id,
        user_history.role,
        user_history.manager_id,
        user_history.team,
        user_history.territory,
        user_history.valid_from
    from user_history
    inner join users
        on user_history.user_id = users.user_id
    where
        not user_history.is_deleted
        and user_history.valid_from <= {{ as_of_day() }}
),

without_history as (
    select
        users.user_id,
        users.role,
        users.manager_id,
        users.team,
        users.territory,
        {{ beginning_of_time() }} as valid_from
    from users
    left join recorded
        on users.user_id = recorded.user_id
    where recorded.user_id is null
),

known as (
    select * from recorded
    union all
    select * from without_history
),

unknown_ids as (
    select user_id from rep_references
    union
    select 'unassigned' as user_id
),

unknown as (
    select
        unknown_ids.user_id,
        cast(null as string) as role,
        cast(null as string) as manager_id,
        cast(null as string) as team,
        cast(null as string) as territory,
        {{ beginning_of_time() }} as valid_from
    from unknown_ids
    left join users
        on unknown_ids.user_id = users.user_id
    where users.user_id is null
),

all_versions as (
    select * from known
    union all
    select * from unknown
),

assigned as (
    select
        user_id,
        role,
        {{ role_name('role') }} as compared_role,
        manager_id,
        coalesce(nullif(team, ''), 'unassigned') as team,
        coalesce(nullif(territory, ''), 'unassigned') as territory,
        valid_from
    from all_versions
),

neighbours as (
    select
        *,
        lag(valid_from) over versions as previous_valid_from,
        {% for attribute in attributes %}
        lag({{ attribute }}) over versions as previous_{{ attribute }}{{ ',' if not loop.last }}
        {% endfor %}
    from assigned
    window versions as (partition by user_id order by valid_from)
),

-- Neighbours that agree are one version.
changes as (
    select *
    from neighbours
    where
        previous_valid_from is null
        {% for attribute in attributes %}
        or {{ attribute }} is distinct from previous_{{ attribute }}
        {% endfor %}
),

spans as (
    select
        user_id,
        role,
        manager_id,
        team,
        territory,
        case
            when previous_valid_from is null then {{ beginning_of_time() }}
            else greatest(valid_from, {{ beginning_of_time() }})
        end as valid_from,
        coalesce(cast(lead(valid_from) over versions - 1 as date), {{ end_of_time() }}) as valid_to
    from changes
    window versions as (partition by user_id order by valid_from)
)

select
    user_id,
    manager_id,
    role,
    team,
    territory,
    {{ as_of_day() }} between valid_from and valid_to as is_current,
    valid_from,
    valid_to
from spans
where valid_to >= valid_from
