-- Meetings: events of calendars, once each. The copies that invited colleagues have, and the patterns of
-- recurring events, which have an event of their own for each time, are left out: IsRecurrence marks those of
-- Classic, the group event type 3 those of Lightning. Salesforce does not say whether a meeting was held.
with events as (
    select * from {{ ref('base_salesforce__events') }}
)

select
    {{ source_id('salesforce', 'id') }} as meeting_id,
    {{ source_id('salesforce', 'owner_id') }} as user_id,
    {{ salesforce_id_of('006', 'what_id') }} as opportunity_id,
    coalesce(
        {{ salesforce_id_of('001', 'what_id') }}, {{ source_id('salesforce', 'account_id') }}
    ) as account_id,
    {{ salesforce_id_of('00Q', 'who_id') }} as lead_id,
    cast(null as string) as status,
    {{ unreadable({
        'starts_at': ['start_date_time', salesforce_moment('start_date_time')],
        'ends_at': ['end_date_time', salesforce_moment('end_date_time')],
        'updated_at': ['last_modified_date', salesforce_moment('last_modified_date')],
    }) }} as unreadable,
    is_deleted,
    -- An event of a whole day has only its day.
    coalesce(
        {{ salesforce_moment('start_date_time') }}, {{ salesforce_moment('activity_date') }}
    ) as starts_at,
    {{ salesforce_moment('end_date_time') }} as ends_at,
    {{ salesforce_moment('last_modified_date') }} as updated_at
from events
where
    not coalesce(try_cast(is_child as boolean), false)
    and not coalesce(try_cast(is_recurrence as boolean), false)
    and try_cast(group_event_type as integer) is distinct from 3
