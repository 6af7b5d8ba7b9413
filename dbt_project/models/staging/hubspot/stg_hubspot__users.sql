-- Owners as users. HubSpot has no role, manager or territory, and the team is the owner's primary one.
with owners as (
    select * from {{ hubspot_base('owners') }}
)

select
    {{ source_id('hubspot', 'owners.id') }} as user_id,
    cast(null as string) as manager_id,
    coalesce(
        nullif(trim(concat_ws(' ', owners.first_name, owners.last_name)), ''),
        nullif(owners.email, ''),
        owners.id
    ) as full_name,
    nullif(owners.email, '') as email,
    cast(null as string) as role,
    owners.team,
    cast(null as string) as territory,
    {{ unreadable({
        'updated_at': ['owners.modified_at', hubspot_moment('owners.modified_at')],
    }) }} as unreadable,
    owners.is_archived as is_deleted,
    cast(null as date) as hired_on,
    cast(null as date) as left_on,
    {{ hubspot_moment('owners.modified_at') }} as updated_at
from owners
