-- Turns of the calls that exist at the as-of moment. Turns of under a second are too short to change who speaks.
-- A view: to write ten million texts would take longer than to join them again.
{{ config(materialized='view') }}
{% set hidden = {} %}
{% for column, treatment in var('personal_columns').items() if column.endswith('__call_turns.text') %}
{% do hidden.update({treatment: column}) %}
{% endfor %}

with turns as (
    select * from {{ ref('int_call_turns_unioned') }}
    where not is_deleted
),

calls as (
    select * from {{ ref('int_calls') }}
)

select
    turns.call_id,
    calls.user_id,
    turns.speaker,
    {% if 'hash' in hidden %}
    -- In a hash nothing is said and nothing asked.
    case when not {{ text_matches('turns.text', '^[0-9a-f]{64}$') }} then turns.text end as text,
    {% else %}
    turns.text,
    {% endif %}
    turns.turn,
    turns.started_seconds,
    turns.ended_seconds,
    turns.ended_seconds - turns.started_seconds >= 1 as is_long,
    calls.call_on
from turns
inner join calls
    on turns.call_id = calls.call_id
