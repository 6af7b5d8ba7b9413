-- The id by which each user is known: users of different sources with one e-mail address are one person, who
-- is known by the id in the first of these sources. Users of one source are never one person: of two with one
-- address, the live one, then the one with the smallest id, is who users of other sources are matched with.
{{ config(materialized='table' if sources_of('users') | length > 1 else 'view') }}

{% if sources_of('users') | length > 1 %}
with users as (
    {{ union_rows('users') }}
),

addressed as (
    select
        user_id,
        nullif(lower(trim(email)), '') as address,
        is_deleted,
        source_rank
    from users
),

matched as (
    select * from addressed
    where address is not null
    qualify row_number() over (partition by source_rank, address order by is_deleted, user_id) = 1
),

people as (
    select
        user_id,
        first_value(user_id) over (partition by address order by source_rank) as person_id
    from matched
)

select
    users.user_id,
    coalesce(people.person_id, users.user_id) as person_id
from users
left join people
    on users.user_id = people.user_id
{% else %}
select
    user_id,
    user_id as person_id
from {{ ref('int_users_unioned') }}
{% endif %}
