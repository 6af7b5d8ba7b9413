-- People of Aircall, one row a user. Who is gone is kept and marked; who was gone before the first load is
-- known from their calls.
{% set relation = source('aircall', 'aircall__users') %}
with listed as (
    select * from {{ relation }}
),

calls as (
    select * from {{ source('aircall', 'aircall__calls') }}
),

team_users as (
    select * from {{ source('aircall', 'aircall__team_users') }}
    where not _is_gone
),

teams as (
    select
        user_id,
        string_agg(distinct team_name, ', ' order by team_name) as team
    from team_users
    group by user_id
),

named_in_calls as (
    select
        user_id,
        user_name as name,
        user_email as email,
        started_at
    from calls
    union all
    select
        transferred_to_id,
        transferred_to_name,
        transferred_to_email,
        started_at
    from calls
),

only_in_calls as (
    select
        user_id as id,
        arg_max(name, started_at) as name,
        arg_max(email, started_at) as email,
        true as _is_gone
    from named_in_calls
    where user_id is not null
    group by user_id
),

users as (
    select * from listed
    union all by name
    select only_in_calls.* from only_in_calls
    anti join listed
        on only_in_calls.id = listed.id
)

select
    {{ source_id('aircall', 'users.id') }} as user_id,
    cast(null as varchar) as manager_id,
    coalesce(nullif(users.name, ''), nullif(users.email, ''), users.id) as full_name,
    nullif(users.email, '') as email,
    cast(null as varchar) as role,
    teams.team,
    cast(null as varchar) as territory,
    users._is_gone as is_deleted,
    cast(null as date) as hired_on,
    cast(null as date) as left_on,
    {% for column, name in landed_pass_through('users', relation) %}
    users.{{ column }} as {{ name }},
    {% endfor %}
    cast(null as timestamp) as updated_at,
    cast(null as varchar) as unreadable
from users
left join teams
    on users.id = teams.user_id
