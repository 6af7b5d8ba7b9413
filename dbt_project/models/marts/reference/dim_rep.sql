-- Reps in their current version: the users, and every id by which a fact names a rep that is no user.
{{ config(contract={'enforced': not pass_through_names('users')}) }}

with users as (
    select * from {{ ref('int_users_unioned') }}
),

rep_references as (
    select * from {{ ref('int_rep_references') }}
),

rep_ids as (
    select user_id from users
    union
    select user_id from rep_references
    union
    select 'unassigned' as user_id
)

select
    rep_ids.user_id,
    users.manager_id,
    users.full_name,
    users.email,
    users.role,
    users.team,
    users.territory,
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
from rep_ids
left join users
    on rep_ids.user_id = users.user_id
