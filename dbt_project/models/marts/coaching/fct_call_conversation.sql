-- How each call with turns went: who talked how long, in what pieces, and how many questions the rep asked.
{% set grain = ['call_id', 'user_id', 'call_on'] %}

with turns as (
    select * from {{ ref('int_call_turns') }}
),

-- How far the turns of a side before this one reach: what overlaps counts once.
reaches as (
    select
        *,
        max(ended_seconds) over (
            partition by call_id, speaker
            order by started_seconds, turn
            rows between unbounded preceding and 1 preceding
        ) as reached_seconds
    from turns
),

sides as (
    select
        {{ grain | join(', ') }},
        {% for side in ['rep', 'customer'] %}
        coalesce(sum(greatest(
            ended_seconds - greatest(started_seconds, reached_seconds), 0
        )) filter (where speaker = '{{ side }}'), 0) as {{ side }}_seconds,
        {% endfor %}
        max(ended_seconds) - min(started_seconds) as duration_seconds,
        sum({{ question_count('text') }}) filter (where speaker = 'rep') as rep_question_count
    from reaches
    group by {{ grain | join(', ') }}
),

neighbours as (
    select
        call_id,
        speaker,
        turn,
        started_seconds,
        ended_seconds,
        lag(speaker) over call_turns as previous_speaker,
        lag(ended_seconds) over call_turns as previous_ended_seconds
    from turns
    where is_long
    window call_turns as (partition by call_id order by started_seconds, turn)
),

-- Turns of one speaker in a row have the number of the changes before them.
numbered as (
    select
        *,
        sum(case when speaker <> previous_speaker then 1 else 0 end) over (
            partition by call_id order by started_seconds, turn
        ) as stretch_number
    from neighbours
),

stretches as (
    select
        call_id,
        stretch_number,
        speaker,
        count(*) as turn_count,
        max(ended_seconds) - min(started_seconds) as stretch_seconds,
        -- Only the first turn of a stretch has another speaker before it.
        sum(started_seconds - previous_ended_seconds) filter (
            where speaker = 'rep' and previous_speaker = 'customer' and started_seconds >= previous_ended_seconds
        ) as patience_seconds
    from numbered
    group by call_id, stretch_number, speaker
),

exchanges as (
    select
        call_id,
        max(stretch_number) as switch_count,
        sum(turn_count) as long_turn_count,
        max(stretch_seconds) filter (where speaker = 'rep') as longest_monologue_seconds,
        {{ ratio('sum(patience_seconds)', 'count(patience_seconds)') }} as patience_seconds
    from stretches
    group by call_id
),

joined as (
    select
        sides.*,
        exchanges.patience_seconds,
        coalesce(exchanges.switch_count, 0) as switch_count,
        coalesce(exchanges.long_turn_count, 0) as long_turn_count,
        coalesce(exchanges.longest_monologue_seconds, 0) as longest_monologue_seconds
    from sides
    left join exchanges
        on sides.call_id = exchanges.call_id
)

select
    call_id,
    user_id,
    cast(rep_seconds as decimal(15, 3)) as rep_seconds,
    cast(customer_seconds as decimal(15, 3)) as customer_seconds,
    {{ ratio('rep_seconds', 'rep_seconds + customer_seconds') }} as talk_ratio,
    cast(duration_seconds as decimal(15, 3)) as duration_seconds,
    cast(longest_monologue_seconds as decimal(15, 3)) as longest_monologue_seconds,
    patience_seconds,
    cast(long_turn_count as integer) as long_turn_count,
    cast(switch_count as integer) as switch_count,
    {{ ratio('switch_count * 60', 'duration_seconds') }} as switches_per_minute,
    cast(rep_question_count as integer) as rep_question_count,
    duration_seconds >= 60 and long_turn_count >= 4 as is_conversation,
    call_on
from joined
