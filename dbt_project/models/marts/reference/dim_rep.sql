-- Reps in their current version: the users, and every id by which a fact names a rep that is no user.
{{ config(contract={'enforced': not pass_through_names('users')}) }}

with users as (
    select * from {{ ref('int_users_unioned') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
    where is_current
)

select
    versions.user_id,
    versions.manager_id,
    users.full_name,
    users.email,
    versions.role,
    versions.team,
    versions.territory,
    users.user_id is not null as is_known,
    coalesce(
        not users.is_deleted
        and coalesce(users.hired_on <= {{ as_of_day() }}, true)
        and coalesce(users.left_on >= {{ as_of_day() }}, true),
        false
    ) as is_active,
    users.hired_on,
    {% for name in pass_through_names('users') %}
    users.{{ adapter.quote(name) }},
    {% endfor %}
    users.left_on
from versions
left join users
    on versions.user_id = users.user_id
