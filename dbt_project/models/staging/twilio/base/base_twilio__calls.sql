-- Twilio's calls put together from their legs, with for whom each counts, or why it is left out. One row per
-- call: the leg that has no parent, with all that descend from it and all that met in a conference with these.
--
-- A leg connects Twilio with one end. A leg that comes in ends at Twilio; what rings then, at a rep or
-- outside, is a leg of its own. So a rep who calls from a client makes a leg that comes in, and the leg
-- of the customer is its child; each transfer adds a child, of the leg that dialled.
{{ config(materialized='table') }}

with recursive legs as (
    select
        *,
        try_cast(duration as decimal(15, 3)) as seconds,
        direction in ('outbound-api', 'outbound-dial', 'trunking-terminating') as is_outgoing,
        status in ('completed', 'in-progress') as is_answered,
        coalesce(answered_by like 'machine%', false) as is_machine,
        -- A SIP address may carry parameters.
        lower(split_part({{ adapter.quote('from') }}, ';', 1)) as from_endpoint,
        lower(split_part({{ adapter.quote('to') }}, ';', 1)) as to_endpoint
    from {{ source('twilio', 'twilio__calls') }}
),

endpoints as (
    select * from {{ ref('base_twilio__endpoints') }}
),

participants as (
    select * from {{ source('twilio', 'twilio__conference_participants') }}
),

coaches as (
    select distinct call_sid from participants
    where is_coach = 'true'
),

families as (
    select
        legs.sid,
        legs.sid as root_sid
    from legs
    where
        not exists (
            select 1 from legs as parents
            where parents.sid = legs.parent_call_sid
        )
    union all
    select
        legs.sid,
        families.root_sid
    from families
    inner join legs
        on families.sid = legs.parent_call_sid
),

-- In a conference each participant is a leg with no parent. The one that began first stands for all: the
-- customer's, or the rep's who called.
conference_roots as (
    select distinct
        families.root_sid,
        first_value(families.root_sid) over (
            partition by participants.conference_sid order by roots.start_time, roots.sid
        ) as first_root_sid
    from participants
    inner join families
        on participants.call_sid = families.sid
    inner join legs as roots
        on families.root_sid = roots.sid
),

joined_roots as (
    select
        root_sid,
        min(first_root_sid) as first_root_sid
    from conference_roots
    where root_sid <> first_root_sid
    group by root_sid
),

told_apart as (
    select
        legs.*,
        coalesce(joined_roots.first_root_sid, families.root_sid) as root_sid,
        legs.sid = coalesce(joined_roots.first_root_sid, families.root_sid) as is_root,
        callers.user_id as from_user_id,
        callees.user_id as to_user_id,
        -- A coach listens to a call that is another rep's.
        case when coaches.call_sid is null then coalesce(callees.user_id, callers.user_id) end as user_id,
        -- Twilio itself answers what comes in from outside.
        callers.user_id is null and is_root and legs.direction = 'inbound' as is_at_twilio
    from legs
    inner join families
        on legs.sid = families.sid
    left join joined_roots
        on families.root_sid = joined_roots.root_sid
    left join coaches
        on legs.sid = coaches.call_sid
    left join endpoints as callers
        on legs.from_endpoint = callers.endpoint
    left join endpoints as callees
        on legs.to_endpoint = callees.endpoint
),

judged as (
    select
        *,
        user_id is not null and not is_at_twilio as is_rung,
        is_rung and is_answered and not is_machine as is_taken,
        -- The order of legs as one text, by microseconds, which are 16 digits, and then by their id:
        -- aggregates by a pair took twice as long for two million legs.
        cast({{ microseconds_of('start_time') }} as string) || sid as nth,
        -- Who is dialled, and no rep: the customer.
        (is_outgoing or not is_root)
        and to_user_id is null
        and {{ adapter.quote('to') }} <> '' as is_to_outside,
        case when is_answered then '1' else '0' end || nth as nth_answered
    from told_apart
),

calls as (
    select
        root_sid,
        min(start_time) filter (where is_root) as started_at,
        count(*) as leg_count,
        min(from_user_id) filter (where is_root) as root_from_user_id,
        min(to_user_id) filter (where is_root) as root_to_user_id,
        bool_or(is_root and is_outgoing) as is_begun_by_twilio,
        bool_or(is_to_outside) as has_outside_leg,
        -- Of a transferred call, who came last.
        {{ last_by('user_id', 'nth', 'is_taken') }} as taken_by,
        case when min(user_id) = max(user_id) then min(user_id) end as only_user_id,
        sum(seconds) filter (where is_taken) as taken_seconds,
        bool_or(is_taken and status = 'in-progress') as is_taken_still,
        {{ last_by('status', 'nth', 'is_rung') }} as rep_status,
        {{ last_by('is_machine', 'nth', 'is_rung') }} as is_machine_of_rep,
        -- Of several people outside, who answered last.
        {{ last_by('status', 'nth_answered', 'is_to_outside') }} as outside_status,
        {{ last_or_null_by('seconds', 'nth_answered', 'is_to_outside') }} as outside_seconds,
        {{ last_or_null_by('answered_by', 'nth_answered', 'is_to_outside') }} as outside_answered_by,
        min(duration) filter (where duration <> '' and seconds is null) as unreadable_duration
    from judged
    group by root_sid
),

directed as (
    select
        *,
        coalesce(taken_by, only_user_id) as user_id,
        root_from_user_id is not null or (is_begun_by_twilio and has_outside_leg) as is_outbound,
        case
            when leg_count = 1 then root_from_user_id is not null and root_to_user_id is not null
            else not has_outside_leg and (root_from_user_id is not null or is_begun_by_twilio)
        end as is_internal
    from calls
)

select
    *,
    case
        when is_internal and user_id is not null then 'internal'
        when user_id is null then 'no_rep'
    end as left_out_because
from directed
