-- Calls. The outcome that the user chose says more than the telephone system's status, which says `COMPLETED`
-- of every call that was logged by hand.
--
-- HubSpot's own outcomes are known by their ids, whatever an account calls them; others by their labels.
-- https://developers.hubspot.com/docs/guides/api/crm/engagements/calls
with calls as (
    select * from {{ hubspot_base('calls') }}
),

call_dispositions as (
    select * from {{ hubspot_base('call_dispositions') }}
),

connections as (
    select * from {{ ref('base_hubspot__connections') }}
    where from_object = 'calls'
),

contact_leads as (
    select * from {{ ref('base_hubspot__contact_leads') }}
),

user_owners as (
    select * from {{ ref('base_hubspot__user_owners') }}
),

-- Where the account's outcomes are not landed, what the call says is its own label.
labelled as (
    select
        calls.*,
        coalesce(call_dispositions.label, calls.hs_call_disposition) as outcome
    from calls
    left join call_dispositions
        on calls.hs_call_disposition = call_dispositions.id
)

select
    {{ source_id('hubspot', 'labelled.id') }} as call_id,
    {{ source_id('hubspot', "coalesce(nullif(labelled.hubspot_owner_id, ''), user_owners.owner_id)") }} as user_id,
    {{ source_id('hubspot', 'connections.deal_id') }} as opportunity_id,
    {{ source_id('hubspot', 'connections.company_id') }} as account_id,
    {{ hubspot_lead_of('connections.contact_id') }} as lead_id,
    coalesce(nullif(lower(labelled.hs_call_direction), ''), 'outbound') as direction,
    case
        when labelled.hs_call_disposition = 'f240bbac-87c9-4f6e-bf70-924b57d47db7' then 'connected'
        -- Left live message: with somebody who answered.
        when labelled.hs_call_disposition = 'a4c4c377-d246-4b32-a13b-75a56a4cd0ff' then 'connected'
        when labelled.hs_call_disposition = 'b2cf5968-551e-4856-9783-52b3da59a7d0' then 'voicemail'
        when labelled.hs_call_disposition = '73a0d17f-1163-4015-bdd5-ec830791da20' then 'no_answer'
        when labelled.hs_call_disposition = '9d9162e7-6cf3-4944-bf63-4dff82258764' then 'busy'
        when labelled.hs_call_disposition = '17b47fee-58de-441e-a44c-c6300d46f273' then 'failed'
        when labelled.outcome <> '' then {{ disposition_of_label('labelled.outcome') }}
        when labelled.hs_call_status = 'BUSY' then 'busy'
        when labelled.hs_call_status in ('NO_ANSWER', 'MISSED') then 'no_answer'
        when labelled.hs_call_status = 'FAILED' then 'failed'
        when labelled.hs_call_status = 'CANCELED' then 'other'
    end as disposition,
    {{ unreadable({
        'started_at': ['labelled.hs_timestamp', hubspot_moment('labelled.hs_timestamp')],
        'duration_seconds': ['labelled.hs_call_duration', 'try_cast(labelled.hs_call_duration as decimal(18, 0))'],
        'updated_at': ['labelled.modified_at', hubspot_moment('labelled.modified_at')],
    }) }} as unreadable,
    -- Milliseconds.
    cast(try_cast(labelled.hs_call_duration as decimal(18, 0)) * 0.001 as decimal(15, 3)) as duration_seconds,
    labelled.is_archived as is_deleted,
    {{ hubspot_moment('labelled.hs_timestamp') }} as started_at,
    {% for column, name in landed_pass_through('calls', hubspot_base('calls')) %}
    labelled.{{ column }} as {{ name }},
    {% endfor %}
    {{ hubspot_moment('labelled.modified_at') }} as updated_at
from labelled
left join connections
    on labelled.id = connections.id
{{ hubspot_join_contact_leads('connections.contact_id', hubspot_moment('labelled.hs_timestamp')) }}
left join user_owners
    on labelled.hs_created_by_user_id = user_owners.user_id
