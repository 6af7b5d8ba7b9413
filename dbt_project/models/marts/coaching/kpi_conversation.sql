-- How each rep's conversations of a month went: means over those long enough to be one.
{% set measures = [
    'talk_ratio', 'longest_monologue_seconds', 'patience_seconds', 'switches_per_minute', 'rep_question_count',
    'rep_seconds', 'customer_seconds', 'duration_seconds',
] %}

with conversations as (
    select * from {{ ref('fct_call_conversation') }}
    where is_conversation
)

select
    user_id,
    cast(count(*) as integer) as call_count,
    {% for measure in measures %}
    {{ mean_of(measure) }} as {{ measure }},
    {% endfor %}
    {{ month_start(month_index('call_on')) }} as month
from conversations
group by user_id, {{ month_index('call_on') }}
