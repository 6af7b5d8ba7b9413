-- Telephone calls with somebody outside the company, one row per call, for whom it ended with.
{% set relation = source('aircall', 'aircall__calls') %}
with calls as (
    select * from {{ ref('base_aircall__calls') }}
    where left_out_because is null
)

select
    {{ source_id('aircall', 'calls.id') }} as call_id,
    {{ source_id('aircall', 'calls.rep_id') }} as user_id,
    cast(null as string) as opportunity_id,
    cast(null as string) as account_id,
    cast(null as string) as lead_id,
    case when calls.direction in ('inbound', 'outbound') then calls.direction end as direction,
    case
        when calls.answered_second is not null then 'connected'
        when calls.has_voicemail = 'true' then 'voicemail'
        -- A call that is going on becomes something in the next load.
        when calls.ended_second is not null then 'no_answer'
    end as disposition,
    -- Aircall's own duration begins when it rings; talk begins when somebody answers.
    cast(
        case
            when calls.ended_second is null then null
            else coalesce(calls.ended_second - calls.answered_second, 0)
        end as decimal(15, 3)
    ) as duration_seconds,
    false as is_deleted,
    calls.started_at,
    {% for column, name in landed_pass_through('calls', relation) %}
    calls.{{ column }} as {{ name }},
    {% endfor %}
    cast(null as timestamp) as updated_at,
    {{ unreadable({
        'direction': [
            'calls.direction',
            "case when calls.direction in ('inbound', 'outbound') then calls.direction end",
        ],
        'disposition': ['calls.answered_at', 'calls.answered_second'],
        'duration_seconds': ['calls.ended_at', 'calls.ended_second'],
    }) }} as unreadable
from calls
