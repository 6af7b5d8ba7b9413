{#
    Scorecards of any grain: parts added up, then divided. Those of reps, teams, managers and the company are one.

    Belongs here: what all scorecards share. Does not belong here: the measures (macros/measures.sql), the day that
    counts for each (int_scorecard_parts) and who counts for whom (the models).
#}

{# The measures of a rep's day that scorecards add up. #}
{% macro scorecard_flows() -%}
    {{ return(rep_day_measures() | selectattr('scorecard') | list) }}
{%- endmacro %}


{# All measures that scorecards add up. #}
{% macro scorecard_measures() -%}
    {{ return(scorecard_flows() + period_measures()) }}
{%- endmacro %}


{# The columns that every scorecard shows: measures, then ratios. #}
{% macro scorecard_columns() -%}
    {%- set shown = scorecard_measures() | rejectattr('scorecard', 'equalto', 'hidden') | list -%}
    {{ return(shown | map(attribute='name') | list + scorecard_ratios().keys() | list) }}
{%- endmacro %}


{#
    The scorecard with one row per period and `member`, a column of `parts`, or per period without one: the last CTEs
    and the select of a model that has the CTEs `parts`, with the columns of int_scorecard_parts, and `periods`. Kept
    are the rows of whom somebody employed, or a measure that is not 0, counts for. Members are ranked where
    `is_ranked`. What counts reps is left out where each member is one (`is_of_reps`).
#}
{% macro scorecard(parts, periods, member=none, is_ranked=false, is_of_reps=false) -%}
    {%- set grain = ['period_type', 'period_start'] + ([member] if member else []) -%}
    {%- set counts = [] if is_of_reps else quota_rep_counts() -%}
    {%- set measures = scorecard_measures() + counts -%}
summed as (
    select
        {% for column in grain %}
        {{ column }},
        {% endfor %}
        {% for measure in measures %}
        cast({{ summed_measure(measure) }} as {{ measure.type }}) as {{ measure.name }},
        {% endfor %}
        cast(count(distinct user_id) filter (where is_employed) as integer) as rep_count
    from {{ parts }}
    group by {{ grain | join(', ') }}
    having
        bool_or(is_employed)
        {% for measure in scorecard_flows() + (period_measures() + counts) | selectattr('makes_row') | list %}
        or sum({{ measure.name }}) <> 0
        {% endfor %}
),

rated as (
    select
        summed.*,
        {% for name, value in scorecard_ratios().items() %}
        {{ value }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from summed
)

select
    rated.period_type,
    {% if member %}
    rated.{{ member }},
    {% endif %}
    {% for column in scorecard_columns() %}
    rated.{{ column }},
    {% endfor %}
    {% if not is_of_reps %}
    rated.rep_count,
    {% endif %}
    {% for count in counts %}
    rated.{{ count.name }},
    {% endfor %}
    {% if is_ranked %}
    cast(rank() over (
        partition by rated.period_type, rated.period_start order by rated.won_amount desc
    ) as integer) as bookings_rank,
    {% endif %}
    rated.period_start,
    {{ periods }}.period_end
from rated
inner join {{ periods }}
    on
        rated.period_type = {{ periods }}.period_type
        and rated.period_start = {{ periods }}.period_start
{%- endmacro %}


{# The sum of a measure over parts; 0 over nothing, but null where the measure has no default. #}
{% macro summed_measure(measure) -%}
    {%- if measure.get('default', 0) is none -%}
        sum({{ measure.name }})
    {%- else -%}
        coalesce(sum({{ measure.name }}), 0)
    {%- endif -%}
{%- endmacro %}
