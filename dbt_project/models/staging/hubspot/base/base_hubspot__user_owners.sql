-- The owner that a user is, one row per user. HubSpot says who made a record by the user, and whose it is by the owner.
with owners as (
    select * from {{ hubspot_base('owners') }}
    where user_id is not null
)

select
    user_id,
    min(id) as owner_id
from owners
group by user_id
