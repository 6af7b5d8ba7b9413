-- How often each side of a call says what a tracker listens for.
-- depends_on: {{ ref('int_tracker_phrases') }}
{% set trackers = tracked_phrases() %}

with turns as (
    select * from {{ ref('int_call_turns') }}
    where text is not null
),

{% if trackers %}
lowered as (
    select
        call_id,
        speaker,
        text,
        lower(text) as lower_text
    from turns
),

-- Few turns have a word of any phrase: the others are not taken apart.
candidates as (
    select
        call_id,
        speaker,
        ' ' || {{ spaced_words('text') }} || ' ' as words
    from lowered
    where
        false
        {% for word in needed_words(trackers) %}
        or contains(lower_text, {{ text_literal(word) }})
        {% endfor %}
),

counted as (
    select
        {% for phrases in trackers.values() %}
        sum(
            {% for phrase in phrases %}
            {{ '+ ' if not loop.first }}{{ hit_count('words', phrase) }}
            {% endfor %}
        ) as hits_{{ loop.index }},
        {% endfor %}
        call_id,
        speaker
    from candidates
    group by call_id, speaker
),

hits as (
    {% for tracker in trackers %}
    select
        call_id,
        {{ text_literal(tracker) }} as tracker,
        speaker,
        hits_{{ loop.index }} as hit_count
    from counted
    {{ 'union all' if not loop.last }}
    {% endfor %}
)
{% else %}
hits as (
    select
        call_id,
        cast(null as string) as tracker,
        speaker,
        0 as hit_count
    from turns
    where false
)
{% endif %}

select
    call_id,
    tracker,
    speaker,
    cast(hit_count as integer) as hit_count
from hits
where hit_count > 0
