-- Telephone calls with a customer that Gong recorded, one row per call, for whom hosted it: after a transfer,
-- whom it ended with.
{% set relation = source('gong', 'gong__calls') %}
with calls as (
    select * from {{ ref('base_gong__calls') }}
),

read as (
    select
        *,
        case direction
            when 'Inbound' then 'inbound'
            when 'Outbound' then 'outbound'
        end as call_direction,
        try_cast(duration as decimal(15, 3)) as duration_seconds,
        -- What the dialler or the rep said of the call decides, then what Gong heard.
        coalesce(
            nullif(sdr_disposition, ''), concat_ws(' ', outcome_category, outcome_name)
        ) as outcome
    from calls
    where left_out_because is null
)

select
    read.call_id,
    {{ source_id('gong', 'read.primary_user_id') }} as user_id,
    read.opportunity_id,
    read.account_id,
    read.lead_id,
    read.call_direction as direction,
    case
        when {{ disposition_of_label('read.outcome') }} in ('voicemail', 'no_answer', 'busy', 'failed')
            then {{ disposition_of_label('read.outcome') }}
        -- Gong keeps recordings: where there is one, somebody answered.
        when read.duration_seconds > 0 then 'connected'
        else 'other'
    end as disposition,
    read.duration_seconds,
    false as is_deleted,
    read.started as started_at,
    {% for column, name in landed_pass_through('calls', relation) %}
    read.{{ column }} as {{ name }},
    {% endfor %}
    cast(null as timestamp) as updated_at,
    {{ unreadable({
        'direction': ['read.direction', 'read.call_direction'],
        'duration_seconds': ['read.duration', 'read.duration_seconds'],
    }) }} as unreadable
from read
