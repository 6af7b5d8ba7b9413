-- Reps of Twilio calls, one row per person with all ends of theirs: client identity, SIP address, numbers.
with endpoints as (
    select * from {{ ref('base_twilio__endpoints') }}
),

users as (
    select
        user_id,
        min(email) as email,
        min(full_name) as full_name,
        min(team) as team,
        bool_and(is_deleted) as is_deleted
    from endpoints
    group by user_id
)

select
    {{ source_id('twilio', 'user_id') }} as user_id,
    cast(null as string) as manager_id,
    coalesce(full_name, email) as full_name,
    email,
    cast(null as string) as role,
    team,
    cast(null as string) as territory,
    is_deleted,
    cast(null as date) as hired_on,
    cast(null as date) as left_on,
    cast(null as timestamp) as updated_at,
    cast(null as string) as unreadable
from users
