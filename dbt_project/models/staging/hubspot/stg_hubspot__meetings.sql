-- Meetings. A rescheduled one is the same record at its new time.
with meetings as (
    select * from {{ hubspot_base('meetings') }}
),

connections as (
    select * from {{ ref('base_hubspot__connections') }}
    where from_object = 'meetings'
),

contact_leads as (
    select * from {{ ref('base_hubspot__contact_leads') }}
),

user_owners as (
    select * from {{ ref('base_hubspot__user_owners') }}
),

timed as (
    select
        *,
        coalesce(nullif(hs_meeting_start_time, ''), hs_timestamp) as starts_at
    from meetings
)

select
    {{ source_id('hubspot', 'timed.id') }} as meeting_id,
    {{ source_id('hubspot', "coalesce(nullif(timed.hubspot_owner_id, ''), user_owners.owner_id)") }} as user_id,
    {{ source_id('hubspot', 'connections.deal_id') }} as opportunity_id,
    {{ source_id('hubspot', 'connections.company_id') }} as account_id,
    {{ hubspot_lead_of('connections.contact_id') }} as lead_id,
    case upper(timed.hs_meeting_outcome)
        when 'SCHEDULED' then 'scheduled'
        when 'RESCHEDULED' then 'scheduled'
        when 'COMPLETED' then 'held'
        when 'NO_SHOW' then 'no_show'
        when 'CANCELED' then 'cancelled'
    end as status,
    {{ unreadable({
        'starts_at': ['timed.starts_at', hubspot_moment('timed.starts_at')],
        'ends_at': ['timed.hs_meeting_end_time', hubspot_moment('timed.hs_meeting_end_time')],
        'updated_at': ['timed.modified_at', hubspot_moment('timed.modified_at')],
    }) }} as unreadable,
    timed.is_archived as is_deleted,
    {{ hubspot_moment('timed.starts_at') }} as starts_at,
    {{ hubspot_moment('timed.hs_meeting_end_time') }} as ends_at,
    {{ hubspot_moment('timed.modified_at') }} as updated_at
from timed
left join connections
    on timed.id = connections.id
{{ hubspot_join_contact_leads('connections.contact_id', hubspot_moment('timed.starts_at')) }}
left join user_owners
    on timed.hs_created_by_user_id = user_owners.user_id
