-- Warnings on where people stand, and stood over time. Each names the users.
with users as (
    select * from {{ ref('int_users_unioned') }}
),

user_history as (
    select * from {{ ref('int_user_history_unioned') }}
    where
        not is_deleted
        and valid_from <= {{ as_of_day() }}
),

history_of_unknown_users as (
    select user_history.user_id as subject
    from user_history
    left join users
        on user_history.user_id = users.user_id
    where users.user_id is null
),

users_of_unknown_managers as (
    select users.user_id as subject
    from users
    left join users as managers
        on users.manager_id = managers.user_id
    where
        not users.is_deleted
        and users.manager_id <> ''
        and managers.user_id is null
),

manager_cycles as (
    select user_id as subject
    from {{ ref('int_manager_cycles') }}
),

last_versions as (
    select *
    from user_history
    qualify row_number() over (partition by user_id order by valid_from desc) = 1
),

local_updates as (
    select
        users.*,
        {{ local_day_of('users.updated_at') }} as updated_on
    from users
),

users_ahead_of_history as (
    select local_updates.user_id as subject
    from local_updates
    inner join last_versions
        on local_updates.user_id = last_versions.user_id
    where
        local_updates.updated_at <= {{ as_of() }}
        and local_updates.updated_on > last_versions.valid_from
        and (
            {{ role_name('local_updates.role') }} is distinct from {{ role_name('last_versions.role') }}
            or local_updates.manager_id is distinct from last_versions.manager_id
            or coalesce(nullif(local_updates.team, ''), 'unassigned')
            <> coalesce(nullif(last_versions.team, ''), 'unassigned')
            or coalesce(nullif(local_updates.territory, ''), 'unassigned')
            <> coalesce(nullif(last_versions.territory, ''), 'unassigned')
        )
)

{{ named_warnings(
    'history_of_unknown_user', 'user_history', 'Rows of a user who is in no users row; they are passed over.',
    'history_of_unknown_users'
) }}
union all
{{ named_warnings(
    'unknown_manager', 'users',
    'Users whose manager_id is in no users row; what is below it stands under that id, without a name.',
    'users_of_unknown_managers'
) }}
union all
{{ named_warnings(
    'user_history_behind', 'user_history',
    'Users whose record is newer than their last history row and disagrees with it; the history stands.',
    'users_ahead_of_history'
) }}
union all
{{ named_warnings(
    'manager_cycle', 'user_history',
    'Managers who are, by way of others, their own on some days; the links between them do not count on these.',
    'manager_cycles'
) }}
