-- Touches: tasks that are e-mails or LinkedIn messages. Calls and meetings are no touches here.
--
-- Of an e-mail that Salesforce keeps as one (enhanced e-mail) it is known when it was sent or that it was received,
-- and its thread; of others only the task. A reply answers the last e-mail of its thread that was sent before it, so
-- that one reply counts once and not for each reminder.
-- https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-emailmessage.html
with tasks as (
    select * from {{ ref('base_salesforce__tasks') }}
    where
        task_subtype in ('Email', 'ListEmail', 'LinkedIn')
        and call_type is null
        and coalesce(try_cast(is_closed as boolean), true)
        and not coalesce(try_cast(is_recurrence as boolean), false)
),

email_messages as (
    select
        *,
        {{ salesforce_moment('coalesce(message_date, created_date)') }} as said_at,
        coalesce(try_cast(incoming as boolean), false) as is_incoming,
        -- Without an id of the thread, an answer names what it answers.
        coalesce(nullif(thread_identifier, ''), reply_to_email_message_id, id) as thread_id
    from {{ ref('base_salesforce__email_messages') }}
    where
        -- 5 is a draft.
        status is distinct from '5'
        and not coalesce(try_cast(is_bounced as boolean), false)
),

threads as (
    select
        *,
        lead(is_incoming) over following as is_answered_next,
        lead(said_at) over following as next_at
    from email_messages
    window
        following as (
            partition by is_deleted, thread_id
            order by said_at, is_incoming, id
        )
),

-- A task that was copied has the e-mail of the first one.
messages as (
    select * from threads
    where activity_id is not null
    qualify row_number() over (partition by activity_id order by is_deleted, said_at, id) = 1
),

unsent as (
    select distinct activity_id
    from {{ ref('base_salesforce__email_messages') }}
    where
        activity_id is not null
        and (status = '5' or coalesce(try_cast(is_bounced as boolean), false))
),

typed as (
    select
        tasks.*,
        case when tasks.task_subtype = 'LinkedIn' then 'social' else 'email' end as channel,
        coalesce(
            messages.said_at,
            {{ salesforce_moment('tasks.completed_date_time') }},
            {{ salesforce_moment('tasks.created_date') }}
        ) as sent_at,
        case when messages.is_answered_next then messages.next_at end as replied_at
    from tasks
    left join messages
        on tasks.id = messages.activity_id
    left join unsent
        on tasks.id = unsent.activity_id
    where
        not coalesce(messages.is_incoming, false)
        and unsent.activity_id is null
)

select
    {{ source_id('salesforce', 'id') }} as touch_id,
    {{ salesforce_id_of('005', 'owner_id') }} as user_id,
    {{ salesforce_id_of('00Q', 'who_id') }} as lead_id,
    coalesce(
        {{ salesforce_id_of('001', 'what_id') }}, {{ source_id('salesforce', 'account_id') }}
    ) as account_id,
    {{ salesforce_id_of('006', 'what_id') }} as opportunity_id,
    channel,
    cast(null as string) as sequence,
    {{ unreadable({
        'sent_at': ['coalesce(cast(completed_date_time as string), cast(created_date as string))', 'sent_at'],
        'updated_at': ['last_modified_date', salesforce_moment('last_modified_date')],
    }) }} as unreadable,
    task_subtype = 'ListEmail' as is_automated,
    is_deleted,
    sent_at,
    replied_at,
    {{ salesforce_moment('last_modified_date') }} as updated_at
from typed
