-- Calls: tasks of the subtype call, or with a call type. Internal calls, planned ones and the patterns of
-- recurring ones are left out.
--
-- A task has no time of its call. It is the moment at which the task was completed, by a telephone system or
-- by hand, else created. What was logged on a later day than the one after the call counts at noon (UTC) of
-- the call's day; a difference of one day may be the user's time zone.
with tasks as (
    select * from {{ ref('base_salesforce__tasks') }}
),

calls as (
    select
        *,
        coalesce(
            {{ salesforce_moment('completed_date_time') }}, {{ salesforce_moment('created_date') }}
        ) as logged_at,
        {{ salesforce_day('activity_date') }} as activity_day
    from tasks
    where
        (task_subtype = 'Call' or call_type is not null)
        and call_type is distinct from 'Internal'
        and coalesce(try_cast(is_closed as boolean), true)
        and not coalesce(try_cast(is_recurrence as boolean), false)
)

select
    {{ source_id('salesforce', 'id') }} as call_id,
    {{ source_id('salesforce', 'owner_id') }} as user_id,
    {{ salesforce_id_of('006', 'what_id') }} as opportunity_id,
    coalesce(
        {{ salesforce_id_of('001', 'what_id') }}, {{ source_id('salesforce', 'account_id') }}
    ) as account_id,
    {{ salesforce_id_of('00Q', 'who_id') }} as lead_id,
    -- Who logs a call by hand has no call type to choose; nearly all such calls are their own.
    case when call_type is null then 'outbound' else lower(call_type) end as direction,
    {{ disposition_of_label('call_disposition') }} as disposition,
    {{ unreadable({
        'started_at': ['coalesce(cast(completed_date_time as string), cast(created_date as string))', 'logged_at'],
        'duration_seconds': ['call_duration_in_seconds', 'try_cast(call_duration_in_seconds as decimal(15, 3))'],
        'updated_at': ['last_modified_date', salesforce_moment('last_modified_date')],
    }) }} as unreadable,
    try_cast(call_duration_in_seconds as decimal(15, 3)) as duration_seconds,
    is_deleted,
    case
        when activity_day < cast(logged_at as date) - 1
            then cast(activity_day as timestamp) + interval 12 hour
        else logged_at
    end as started_at,
    {% for column, name in landed_pass_through('calls', ref('base_salesforce__tasks')) %}
    {{ column }} as {{ name }},
    {% endfor %}
    {{ salesforce_moment('last_modified_date') }} as updated_at
from calls
