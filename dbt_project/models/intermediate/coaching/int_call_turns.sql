-- Turns of the calls that exist at the as-of moment. Turns of under a second are too short to change who speaks.
-- A view: to write ten million texts would take longer than to join them again.
{{ config(materialized='view') }}

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
    turns.text,
    turns.turn,
    turns.started_seconds,
    turns.ended_seconds,
    turns.ended_seconds - turns.started_seconds >= 1 as is_long,
    calls.call_on
from turns
inner join calls
    on turns.call_id = calls.call_id
