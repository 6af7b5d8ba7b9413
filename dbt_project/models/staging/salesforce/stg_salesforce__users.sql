-- Users, one row each. Salesforce never deletes one: who is not active has left.
--
-- Only employees are users here. Customers and partners, who log in to a portal, guests and the system's own
-- robots are of other types; who only has Chatter (CsnOnly) can own no deal and is as one who left.
--
-- The role is the name of the user's place in the role hierarchy, the team the department: the field that
-- organisations fill with it. The territory is the one that the user is in, of several the first by name, and the
-- division where there is none.
with users as (
    select * from {{ ref('base_salesforce__users') }}
    where user_type is null or user_type in ('Standard', 'CsnOnly')
),

user_roles as (
    select * from {{ ref('base_salesforce__user_roles') }}
),

territories as (
    select * from {{ ref('base_salesforce__active_territories') }}
    where not is_deleted
),

user_territories as (
    select * from {{ ref('base_salesforce__user_territories') }}
    where
        not is_deleted
        and coalesce(try_cast(is_active as boolean), true)
),

placed as (
    select
        user_territories.user_id,
        min(territories.territory) as territory
    from user_territories
    inner join territories
        on user_territories.territory2_id = territories.id
    group by user_territories.user_id
)

select
    {{ source_id('salesforce', 'users.id') }} as user_id,
    {{ source_id('salesforce', 'users.manager_id') }} as manager_id,
    -- A name that is not shown, or dropped as personal, is no reason to lose the person.
    coalesce(users.name, users.id) as full_name,
    users.email,
    user_roles.name as role,
    users.department as team,
    coalesce(placed.territory, users.division) as territory,
    {{ unreadable({
        'updated_at': ['users.last_modified_date', salesforce_moment('users.last_modified_date')],
    }) }} as unreadable,
    not coalesce(try_cast(users.is_active as boolean), true)
    or coalesce(users.user_type = 'CsnOnly', false)
    or users.is_deleted as is_deleted,
    cast(null as date) as hired_on,
    cast(null as date) as left_on,
    {% for column, name in landed_pass_through('users', ref('base_salesforce__users')) %}
    users.{{ column }} as {{ name }},
    {% endfor %}
    {{ salesforce_moment('users.last_modified_date') }} as updated_at
from users
left join user_roles
    on users.user_role_id = user_roles.id
left join placed
    on users.id = placed.user_id
