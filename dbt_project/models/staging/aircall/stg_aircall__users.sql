-- People of Aircall, one row per user. Who is gone is kept and marked; who was gone before the first load is
-- known from their calls.
{% set relation = source('aircall', 'aircall__users') %}
{% set columns = ['id', 'name', 'email', '_is_gone'] %}
{% set extras = landed_pass_through('users', relation) %}
with listed as (
    select * from {{ relation }}
),

calls as (
    select * from {{ source('aircall', 'aircall__calls') }}
),

team_users as (
    select distinct
        user_id,
        team_name
    from {{ source('aircall', 'aircall__team_users') }}
    where not _is_gone
),

teams as (
    select
        user_id,
        {{ joined_texts('team_name', ', ', 'team_name') }} as team
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
        {{ last_by('name', 'started_at') }} as name,
        {{ last_by('email', 'started_at') }} as email,
        true as _is_gone
    from named_in_calls
    where user_id is not null
    group by user_id
),

unlisted as (
    select * from only_in_calls
    where
        not exists (
            select 1 from listed
            where listed.id = only_in_calls.id
        )
),

users as (
    {{ union_by_name({'listed': columns + extras | map('first') | list, 'unlisted': columns}) }}
)

select
    {{ source_id('aircall', 'users.id') }} as user_id,
    cast(null as string) as manager_id,
    coalesce(nullif(users.name, ''), nullif(users.email, ''), users.id) as full_name,
    nullif(users.email, '') as email,
    cast(null as string) as role,
    teams.team,
    cast(null as string) as territory,
    users._is_gone as is_deleted,
    cast(null as date) as hired_on,
    cast(null as date) as left_on,
    {% for column, name in extras %}
    users.{{ column }} as {{ name }},
    {% endfor %}
    cast(null as timestamp) as updated_at,
    cast(null as string) as unreadable
from users
left join teams
    on users.id = teams.user_id
