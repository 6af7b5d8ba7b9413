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
        period_type,
        {% for measure in shown %}
        sum({{ measure.name }}) as {{ measure.name }}{{ ',' if not loop.last }}
        {% endfor %}
    from scorecard
    group by period_type
)

select
    in_periods.*,
    {% for measure in shown %}
    {{ measure.event }}_totals.{{ measure.name }} as {{ measure.name }}_of_facts{{ ',' if not loop.last }}
    {% endfor %}
from in_periods
{% for event in events %}
cross join {{ event }}_totals
{% endfor %}
where
    {% for measure in shown %}
    {{ 'or ' if not loop.first }}in_periods.{{ measure.name }} <> {{ measure.event }}_totals.{{ measure.name }}
    {% endfor %}
