-- People of the sales organisation, one row a user in the newest version; deleted ones are kept and marked.
with landed as (
    select * from {{ source('raw', 'landing__users') }}
)

select
    landed.user_id,
    landed.manager_id,
    landed.full_name,
    landed.email,
    landed.role,
    landed.team,
    landed.territory,
    coalesce(landed.is_deleted, false) as is_deleted,
    landed.hired_on,
    landed.left_on,
    {% for name in landed_pass_through_names('users') %}
    landed.{{ adapter.quote(name) }},
    {% endfor %}
    landed.updated_at
from landed
