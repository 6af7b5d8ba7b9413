-- What: the sums over fct_rep_day are those of the facts: each measure, from the first event on; the stage
-- advances as the stage visits have them, and on the as-of day the open opportunities.
-- Why: fct_rep_day puts the summaries of all events beside each other; each has to arrive whole, and on its
-- day.
-- A failure means that an event has no rep or no day, or has two.
{% set measures = rep_day_measures() %}

with rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

stage_visits as (
    select * from {{ ref('fct_opportunity_stage') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

first_moment as (
    select calendar_days.starts_at
    from {{ ref('int_calendar_days') }} as calendar_days
    inner join first_event
        on calendar_days.calendar_day = first_event.first_event_on
),

{% for event in rep_day_events() %}
{{ event }}_totals as (
    {{ measure_totals(event, measures) }}
),

{% endfor %}
visit_totals as (
    select count(*) as stage_advance_count
    from stage_visits
    cross join first_moment
    where
        stage_visits.exit_kind = 'advanced'
        and stage_visits.exited_at >= first_moment.starts_at
),

open_totals as (
    select count(*) as open_count from opportunities
    where status = 'open'
),

rep_day_totals as (
    select
        {% for measure in measures %}
        coalesce(sum({{ measure.name }}), 0) as {{ measure.name }},
        {% endfor %}
        coalesce(sum(open_count) filter (where date_day = {{ as_of_day() }}), 0) as open_count
    from rep_days
)

select
    rep_day_totals.*,
    {% for measure in measures %}
    {{ measure.event }}_totals.{{ measure.name }} as {{ measure.name }}_of_facts,
    {% endfor %}
    visit_totals.stage_advance_count as stage_advance_count_of_visits,
    open_totals.open_count as open_count_of_facts
from rep_day_totals
{% for event in rep_day_events() %}
cross join {{ event }}_totals
{% endfor %}
cross join visit_totals
cross join open_totals
cross join first_event
where
    -- Without any event on a plausible day there is no day.
    first_event.first_event_on is not null
    and (
        rep_day_totals.stage_advance_count <> visit_totals.stage_advance_count
        or rep_day_totals.open_count <> open_totals.open_count
        {% for measure in measures %}
        or rep_day_totals.{{ measure.name }} <> {{ measure.event }}_totals.{{ measure.name }}
        {% endfor %}
    )
