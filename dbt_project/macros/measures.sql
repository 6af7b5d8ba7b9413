{#
    What is counted and summed: each additive measure of a rep's day, each measure of a period, and each ratio of
    them, once. fct_rep_day, the scorecards and the reconciliations loop over these lists; a new measure takes an
    entry here and a described column in the YAML of each mart that shows it.

    Belongs here: names, types and definitions. Does not belong here: what a column means in words (the YAML of the
    marts) and when a scorecard has a row (macros/scorecards.sql).
#}

{#
    The events that measures of a day count, by name: the relation with one row per event, whom it counts for, on
    which local day, and which of its rows are events. A `daily` relation has its measures by rep and day already;
    `fact` has its rows.
#}
{% macro rep_day_events() -%}
    {{ return({
        'call': {
            'relation': 'int_calls_daily', 'rep': 'user_id', 'day': 'call_on', 'is_daily': true, 'fact': 'fct_call',
        },
        'created': {'relation': 'fct_opportunity', 'rep': 'created_owner_id', 'day': 'first_state_on'},
        'closed': {
            'relation': 'fct_opportunity', 'rep': 'closed_owner_id', 'day': 'closed_on', 'where': "status <> 'open'",
        },
        'state': {'relation': 'int_opportunity_state_changes', 'rep': 'owner_id', 'day': 'from_day'},
    }) }}
{%- endmacro %}


{#
    The measures of a rep's day, which add up over reps and days: over the rows of the event that `where` keeps, the sum
    of their column `of`, or their number without one. `scorecard` says whether scorecards show it (true), do not have it
    (false), or only divide by it (`hidden`).
#}
{% macro rep_day_measures() -%}
    {%- set count, money, seconds = 'integer', 'decimal(18, 2)', 'decimal(18, 3)' -%}
    {%- set outbound, won, lost = "direction = 'outbound'", "status = 'won'", "status = 'lost'" -%}
    {%- set has_cycle = 'cycle_days is not null' -%}
    {{ return([
        {'name': 'calls_count', 'type': count, 'event': 'call', 'scorecard': false},
        {'name': 'outbound_calls', 'type': count, 'event': 'call', 'where': outbound, 'scorecard': true},
        {
            'name': 'connected_calls', 'type': count, 'event': 'call', 'scorecard': true,
            'where': outbound ~ ' and is_connected',
        },
        {
            'name': 'talk_seconds', 'type': seconds, 'event': 'call', 'scorecard': true,
            'of': 'duration_seconds', 'where': 'is_connected and not is_suspect',
        },
        {'name': 'created_count', 'type': count, 'event': 'created', 'scorecard': true},
        {'name': 'created_amount', 'type': money, 'event': 'created', 'of': 'created_amount', 'scorecard': true},
        {'name': 'won_count', 'type': count, 'event': 'closed', 'where': won, 'scorecard': true},
        {
            'name': 'won_amount', 'type': money, 'event': 'closed', 'of': 'won_amount', 'where': won,
            'scorecard': true,
        },
        {'name': 'lost_count', 'type': count, 'event': 'closed', 'where': lost, 'scorecard': true},
        {
            'name': 'lost_amount', 'type': money, 'event': 'closed', 'of': 'lost_amount', 'where': lost,
            'scorecard': true,
        },
        {'name': 'cycle_count', 'type': count, 'event': 'closed', 'where': has_cycle, 'scorecard': 'hidden'},
        {
            'name': 'cycle_days', 'type': count, 'event': 'closed', 'of': 'cycle_days', 'where': has_cycle,
            'scorecard': 'hidden',
        },
        {
            'name': 'stage_advance_count', 'type': count, 'event': 'state', 'where': "move_kind = 'advanced'",
            'scorecard': false,
        },
    ]) }}
{%- endmacro %}


{#
    What scorecards have besides: measures of a period's bounds or of its months, which add up over reps and not over
    days. One without a `default` is null where no part has it. A `level` is taken at a moment; others add up over
    months. `rows` says of which published rows it is the sum, as an event and a measure of a day do; without a `day`,
    of those at the as-of moment.
#}
{% macro period_measures() -%}
    {%- set count, money = 'integer', 'decimal(18, 2)' -%}
    {%- set open_now = {'relation': 'fct_opportunity', 'rep': 'owner_id', 'where': "status = 'open'"} -%}
    {{ return([
        {'name': 'open_at_start_count', 'type': count, 'kind': 'level', 'default': 0, 'makes_row': false},
        {
            'name': 'open_count', 'type': count, 'kind': 'level', 'default': 0, 'makes_row': true,
            'rows': open_now,
        },
        {
            'name': 'open_amount', 'type': money, 'kind': 'level', 'default': 0, 'makes_row': true,
            'rows': dict(open_now, of='open_amount'),
        },
        {'name': 'due_open_amount', 'type': money, 'kind': 'level', 'default': 0, 'makes_row': true},
        {
            'name': 'quota_amount', 'type': money, 'default': none, 'makes_row': true,
            'rows': {
                'relation': 'fct_quota_month', 'rep': 'user_id', 'day': 'month', 'of': 'quota_amount',
                'where': "metric = 'bookings'",
            },
        },
    ]) }}
{%- endmacro %}


{#
    What scorecards of more than one rep have besides: reps with a quota, and those who reached it, each by the whole
    period.
#}
{% macro quota_rep_counts() -%}
    {{ return([
        {'name': 'quota_rep_count', 'type': 'integer', 'default': 0, 'makes_row': true},
        {'name': 'reached_quota_count', 'type': 'integer', 'default': 0, 'makes_row': true},
    ]) }}
{%- endmacro %}


{#
    Ratios of the measures, by name: what is divided, by what. One may use those before it. They are taken of sums only,
    never averaged.
#}
{% macro ratio_terms() -%}
    {{ return({
        'win_rate': ['won_count', 'won_count + lost_count'],
        'win_rate_amount': ['won_amount', 'won_amount + lost_amount'],
        'avg_won_amount': ['won_amount', 'won_count'],
        'avg_cycle_days': ['cycle_days', 'cycle_count'],
        'attainment': ['won_amount', 'quota_amount'],
        'coverage_at_start': ['due_open_amount', 'quota_amount'],
        'connect_rate': ['connected_calls', 'outbound_calls'],
        'sales_velocity': [
            '(open_at_start_count + created_count) * win_rate * avg_won_amount', 'avg_cycle_days',
        ],
    }) }}
{%- endmacro %}


{# The same as SQL. #}
{% macro scorecard_ratios() -%}
    {%- set ratios = {} -%}
    {%- for name, terms in ratio_terms().items() -%}
        {%- do ratios.update({name: ratio(*terms)}) -%}
    {%- endfor -%}
    {{ return(ratios) }}
{%- endmacro %}


{# The aggregate that gives a measure of a rep's day, over single events. #}
{% macro measure_aggregate(measure) -%}
    {%- set value = 'sum(' ~ measure.of ~ ')' if measure.of else 'count(*)' -%}
    {{ return(value ~ (' filter (where ' ~ measure.where ~ ')' if measure.where else '')) }}
{%- endmacro %}


{# The same over the relation of its event. #}
{% macro measure_value(measure) -%}
    {%- if rep_day_events()[measure.event].is_daily -%}
        sum({{ measure.name }})
    {%- else -%}
        {{ measure_aggregate(measure) }}
    {%- endif -%}
{%- endmacro %}


{# A select of the measures of an event by rep (`user_id`) and local day (`date_day`). #}
{% macro measures_by_day(event_name) -%}
    {%- set event = rep_day_events()[event_name] -%}
    select
        {{ event.rep }} as user_id,
        {% for measure in rep_day_measures() if measure.event == event_name %}
        cast({{ measure_value(measure) }} as {{ measure.type }}) as {{ measure.name }},
        {% endfor %}
        {{ event.day }} as date_day
    from {{ ref(event.relation) }}
    {% if event.where %}
    where {{ event.where }}
    {% endif %}
    group by {{ event.rep }}, {{ event.day }}
{%- endmacro %}


{# Selects of the sum of each measure over all events from the first day that counts, one per event: its measures. #}
{% macro measure_totals(event_name, measures) -%}
    {%- set event = rep_day_events()[event_name] -%}
    select
        {% for measure in measures if measure.event == event_name %}
        coalesce({{ measure_value(measure) }}, 0) as {{ measure.name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref(event.relation) }}
    cross join {{ ref('int_first_event') }}
    where
        {{ event.day }} >= first_event_on
        {% if event.where %}
        and {{ event.where }}
        {% endif %}
{%- endmacro %}
