-- Telephone calls with somebody outside the company, one row per call, for whom it ended with.
{% set relation = source('twilio', 'twilio__calls') %}
{% set extras = landed_pass_through('calls', relation) %}
with calls as (
    select * from {{ ref('base_twilio__calls') }}
    where left_out_because is null
),

{% if extras %}
legs as (
    select * from {{ relation }}
),

{% endif %}
-- What became of the customer's leg, and of the rep's.
ends as (
    select
        *,
        case
            when outside_status is null then 'other'
            when outside_status in ('queued', 'ringing') then 'going on'
            when outside_status in ('no-answer', 'canceled') then 'no_answer'
            when outside_status in ('busy', 'failed') then outside_status
            when outside_status not in ('completed', 'in-progress') then 'other'
            when outside_answered_by like 'machine%' then 'voicemail'
            when outside_answered_by = 'fax' then 'other'
            -- Somebody answered a dialler that found no rep.
            when taken_by is null then 'no_answer'
            else 'connected'
        end as customer_end,
        case
            when taken_by is not null then 'connected'
            when is_machine_of_rep then 'voicemail'
            when rep_status in ('queued', 'ringing') then 'going on'
            when rep_status in ('busy', 'failed') then rep_status
            else 'no_answer'
        end as rep_end
    from calls
),

outcomes as (
    select
        *,
        -- A call that is going on becomes something in the next load.
        nullif(case when is_outbound then customer_end else rep_end end, 'going on') as disposition,
        case when is_outbound then outside_seconds else taken_seconds end as talk_seconds,
        case when is_outbound then outside_status = 'in-progress' else is_taken_still end as is_talking
    from ends
)

select
    {{ source_id('twilio', 'outcomes.root_sid') }} as call_id,
    {{ source_id('twilio', 'outcomes.user_id') }} as user_id,
    cast(null as string) as opportunity_id,
    cast(null as string) as account_id,
    cast(null as string) as lead_id,
    case when outcomes.is_outbound then 'outbound' else 'inbound' end as direction,
    outcomes.disposition,
    cast(
        case
            when outcomes.is_talking or outcomes.disposition is null then null
            when outcomes.disposition = 'connected' then outcomes.talk_seconds
            else 0
        end as decimal(15, 3)
    ) as duration_seconds,
    false as is_deleted,
    outcomes.started_at,
    {% for column, name in extras %}
    legs.{{ column }} as {{ name }},
    {% endfor %}
    cast(null as timestamp) as updated_at,
    {{ unreadable({
        'duration_seconds': ['outcomes.unreadable_duration', 'cast(null as string)'],
    }) }} as unreadable
from outcomes
{% if extras %}
inner join legs
    on outcomes.root_sid = legs.sid
{% endif %}
