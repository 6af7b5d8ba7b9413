-- Reps over time: where each stood in the organisation, from the first day to the last. A rep that is in no users row
-- has one version.
{% set attributes = ['compared_role', 'manager_id', 'team', 'territory'] %}

with users as (
    select * from {{ ref('int_users_unioned') }}
),

user_history as (
    select * from {{ ref('int_user_history_unioned') }}
),

users_seen as (
    select
        *,
        {{ local_day_of('dbt_valid_from') }} as seen_on
    from {{ ref('users_seen') }}
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
    select users.*
    from users
    left join recorded
        on users.user_id = recorded.user_id
    where recorded.user_id is null
),

-- The last that was seen on a day is the day's.
seen_days as (
    select
        *,
        min(seen_on) over (partition by user_id) as first_seen_on
    from users_seen
    qualify row_number() over (
        partition by user_id, seen_on order by dbt_valid_from desc, dbt_valid_to desc nulls first
    ) = 1
),

-- Before anything was seen, what was seen first holds.
seen as (
    select
        seen_days.user_id,
        seen_days.role,
        seen_days.manager_id,
        seen_days.team,
        seen_days.territory,
        seen_days.seen_on as valid_from
    from seen_days
    inner join without_history
        on seen_days.user_id = without_history.user_id
    where seen_days.seen_on <= greatest(seen_days.first_seen_on, {{ as_of_day() }})
),

-- A user who came after the last look.
never_seen as (
    select
        without_history.user_id,
        without_history.role,
        without_history.manager_id,
        without_history.team,
        without_history.territory,
        {{ beginning_of_time() }} as valid_from
    from without_history
    left join users_seen
        on without_history.user_id = users_seen.user_id
    where users_seen.user_id is null
),

known as (
    select * from recorded
    union all
    select * from seen
    union all
    select * from never_seen
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
        {% for attribute in attributes %}
        lag({{ attribute }}) over versions as previous_{{ attribute }},
        {% endfor %}
        lag(valid_from) over versions as previous_valid_from
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
