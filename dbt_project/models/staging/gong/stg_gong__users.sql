-- People with an account in Gong, one row per user; who has no active one any more is kept and marked.
{% set relation = source('gong', 'gong__users') %}
with users as (
    select * from {{ relation }}
)

select
    {{ source_id('gong', 'users.id') }} as user_id,
    {{ source_id('gong', 'users.manager_id') }} as manager_id,
    coalesce(
        nullif(trim(concat_ws(' ', users.first_name, users.last_name)), ''),
        nullif(users.email_address, ''),
        users.id
    ) as full_name,
    nullif(users.email_address, '') as email,
    nullif(users.title, '') as role,
    cast(null as string) as team,
    cast(null as string) as territory,
    users._is_gone or coalesce(users.active = 'false', false) as is_deleted,
    cast(null as date) as hired_on,
    cast(null as date) as left_on,
    {% for column, name in landed_pass_through('users', relation) %}
    users.{{ column }} as {{ name }},
    {% endfor %}
    cast(null as timestamp) as updated_at,
    cast(null as string) as unreadable
from users
