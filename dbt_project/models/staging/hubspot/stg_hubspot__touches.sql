-- Touches: e-mails that were sent, logged messages, and tasks that were done and left no other record.
--
-- A reply answers the last e-mail of its thread that was sent before it, so that one reply counts once and not for
-- each reminder; a note of absence answers nothing. Only mail of a connected mailbox and of HubSpot has threads.
-- https://developers.hubspot.com/docs/guides/api/crm/engagements/email
with emails as (
    select * from {{ ref('base_hubspot__emails') }}
),

communications as (
    select * from {{ ref('base_hubspot__communications') }}
),

tasks as (
    select * from {{ ref('base_hubspot__tasks') }}
),

calls as (
    select * from {{ hubspot_base('calls') }}
),

connections as (
    select * from {{ ref('base_hubspot__connections') }}
),

contact_leads as (
    select * from {{ ref('base_hubspot__contact_leads') }}
),

user_owners as (
    select * from {{ ref('base_hubspot__user_owners') }}
),

-- What was forwarded to HubSpot does not say who wrote it.
messages as (
    select
        *,
        {{ hubspot_moment('hs_timestamp') }} as sent_at,
        hs_email_direction = 'INCOMING_EMAIL' as is_incoming
    from emails
    where
        hs_email_direction in ('EMAIL', 'INCOMING_EMAIL')
        and coalesce(nullif(hs_email_status, ''), 'SENT') = 'SENT'
        and coalesce(hs_incoming_email_is_out_of_office, 'false') <> 'true'
),

threads as (
    select
        *,
        lead(is_incoming) over in_thread as is_answered_next,
        lead(sent_at) over in_thread as next_at
    from messages
    window
        in_thread as (
            partition by is_archived, hs_email_thread_id
            order by sent_at, is_incoming, id
        )
),

sent as (
    select
        'emails' as object_type,
        id,
        -- Of mail that a mailbox synchronises, the owner is often empty and the sender known.
        coalesce(
            nullif(hubspot_owner_id, ''), nullif(regexp_extract(hs_owner_ids_from, '[0-9]+', 0), '')
        ) as owner_id,
        hs_created_by_user_id as created_by_user_id,
        'email' as channel,
        hs_timestamp as said_at,
        case when hs_email_thread_id <> '' and is_answered_next then next_at end as replied_at,
        nullif(hs_sequence_id, '') as sequence,
        case
            when hs_sequence_id <> '' or hs_object_source in ('SEQUENCES', 'AUTOMATION_PLATFORM') then true
            -- Another tool's e-mail does not say who or what sent it.
            when hs_object_source not in ('', 'INTEGRATION', 'API', 'IMPORT') then false
        end as is_automated,
        modified_at,
        is_archived
    from threads
    where not is_incoming
    union all
    select
        'communications' as object_type,
        id,
        nullif(hubspot_owner_id, '') as owner_id,
        hs_created_by_user_id as created_by_user_id,
        'social' as channel,
        hs_timestamp as said_at,
        cast(null as timestamp) as replied_at,
        cast(null as string) as sequence,
        hs_object_source = 'AUTOMATION_PLATFORM' as is_automated,
        modified_at,
        is_archived
    from communications
),

-- What tasks would be counted twice with: all calls, which are no touches themselves, and messages.
recorded as (
    select
        'calls' as object_type,
        id,
        nullif(hubspot_owner_id, '') as owner_id,
        'call' as channel,
        {{ hubspot_moment('hs_timestamp') }} as recorded_at
    from calls
    where not is_archived
    union all
    select
        object_type,
        id,
        owner_id,
        channel,
        {{ hubspot_moment('said_at') }} as recorded_at
    from sent
    where channel = 'social' and not is_archived
),

records as (
    select
        recorded.*,
        coalesce(connections.contact_id, connections.company_id, connections.deal_id) as party_id
    from recorded
    inner join connections
        on
            recorded.object_type = connections.from_object
            and recorded.id = connections.id
),

-- The e-mail of a task of type e-mail is an e-mail of its own.
done as (
    select
        tasks.id,
        nullif(tasks.hubspot_owner_id, '') as owner_id,
        case when tasks.hs_task_type = 'CALL' then 'call' else 'social' end as channel,
        coalesce(nullif(tasks.hs_task_completion_date, ''), tasks.hs_timestamp) as said_at,
        tasks.modified_at,
        tasks.is_archived,
        coalesce(connections.contact_id, connections.company_id, connections.deal_id) as party_id
    from tasks
    left join connections
        on
            tasks.id = connections.id
            and connections.from_object = 'tasks'
    where
        (tasks.hs_task_type = 'CALL' or tasks.hs_task_type like 'LINKED_IN%')
        and tasks.hs_task_status = 'COMPLETED'
),

touches as (
    select * from sent
    union all
    select
        'tasks' as object_type,
        done.id,
        done.owner_id,
        cast(null as string) as created_by_user_id,
        done.channel,
        done.said_at,
        cast(null as timestamp) as replied_at,
        cast(null as string) as sequence,
        false as is_automated,
        done.modified_at,
        done.is_archived
    from done
    where
        not exists (
            select 1 from records
            where
                records.owner_id = done.owner_id
                and records.channel = done.channel
                and records.party_id = done.party_id
                and records.recorded_at >= {{ hubspot_moment('done.said_at') }} - interval 1 day
                and records.recorded_at <= {{ hubspot_moment('done.said_at') }} + interval 1 day
        )
)

select
    {{ source_id('hubspot', 'touches.id') }} as touch_id,
    {{ source_id('hubspot', 'coalesce(touches.owner_id, user_owners.owner_id)') }} as user_id,
    {{ hubspot_lead_of('connections.contact_id') }} as lead_id,
    {{ source_id('hubspot', 'connections.company_id') }} as account_id,
    {{ source_id('hubspot', 'connections.deal_id') }} as opportunity_id,
    touches.channel,
    touches.sequence,
    {{ unreadable({
        'sent_at': ['touches.said_at', hubspot_moment('touches.said_at')],
        'updated_at': ['touches.modified_at', hubspot_moment('touches.modified_at')],
    }) }} as unreadable,
    touches.is_automated,
    touches.is_archived as is_deleted,
    {{ hubspot_moment('touches.said_at') }} as sent_at,
    touches.replied_at,
    {{ hubspot_moment('touches.modified_at') }} as updated_at
from touches
left join connections
    on
        touches.object_type = connections.from_object
        and touches.id = connections.id
{{ hubspot_join_contact_leads('connections.contact_id', hubspot_moment('touches.said_at')) }}
left join user_owners
    on touches.created_by_user_id = user_owners.user_id
