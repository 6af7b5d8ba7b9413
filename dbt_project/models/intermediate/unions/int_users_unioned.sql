-- People of the sales organisation of all sources, one row per person. Of a person whom several sources know,
-- each attribute is that of the first source that gives it.
{{ config(materialized=union_materialization('users')) }}

{% if sources_of('users') | length > 1 %}
with users as (
    {{ union_rows('users') }}
),

identities as (
    select * from {{ ref('int_user_identities') }}
),

records as (
    select
        users.*,
        identities.person_id,
        -- An employment without an end is no missing date that another source may fill.
        case
            when users.hired_on is not null or users.left_on is not null
                then {{ record_of({'hired_on': 'users.hired_on', 'left_on': 'users.left_on'}) }}
        end as employment
    from users
    inner join identities
        on users.user_id = identities.user_id
),

people as (
    select
        person_id,
        {% for column in ['manager_id', 'full_name', 'email', 'role', 'team', 'territory', 'employment'] %}
        {{ first_by(column, 'source_rank') }} as {{ column }},
        {% endfor %}
        {% for name in pass_through_names('users') %}
        {{ first_by(adapter.quote(name), 'source_rank') }} as {{ adapter.quote(name) }},
        {% endfor %}
        -- Who is gone from one system only is still there.
        bool_and(is_deleted) as is_deleted,
        max(updated_at) as updated_at
    from records
    group by person_id
)

select
    people.person_id as user_id,
    coalesce(managers.person_id, people.manager_id) as manager_id,
    people.full_name,
    people.email,
    people.role,
    people.team,
    people.territory,
    people.is_deleted,
    people.employment.hired_on as hired_on,
    {% for name in pass_through_names('users') %}
    people.{{ adapter.quote(name) }},
    {% endfor %}
    people.employment.left_on as left_on,
    people.updated_at
from people
left join identities as managers
    on people.manager_id = managers.user_id
{% else %}
{{ unioned('users') }}
{% endif %}
