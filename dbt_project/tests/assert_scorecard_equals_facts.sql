-- What: each measure of all reps and periods of a type is that of the facts, from the first event on.
-- Why: the scorecard is summed by rep, day and period; nothing may be lost on the way, whoever owns it.
-- A failure means that a rep, a day or a period is missing or counted twice.
{% set measures = scorecard_flows() %}
{% set events = measures | map(attribute='event') | unique | list %}

with scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

{% for event in events %}
{{ event }}_totals as (
    {{ measure_totals(event, measures) }}
),

{% endfor %}
{% set shown = measures | rejectattr('scorecard', 'equalto', 'hidden') | list %}
in_periods as (
    select
        {% for measure in shown %}
        sum({{ measure.name }}) as {{ measure.name }},
        {% endfor %}
        period_type
    from scorecard
    group by period_type
)

select
    {% for measure in shown %}
    {{ measure.event }}_totals.{{ measure.name }} as {{ measure.name }}_of_facts,
    {% endfor %}
    in_periods.*
from in_periods
{% for event in events %}
cross join {{ event }}_totals
{% endfor %}
where
    false
    {% for measure in shown %}
    or in_periods.{{ measure.name }} <> {{ measure.event }}_totals.{{ measure.name }}
    {% endfor %}
