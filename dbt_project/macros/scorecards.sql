{#
    Scorecards of any grain: parts added up, then divided. The rep's is one; a team's has the same columns.

    Belongs here: what all scorecards share. Does not belong here: the measures (macros/measures.sql) and which rows
    count for whom (the models).
#}

{# The measures of a rep's day that scorecards add up. #}
{% macro scorecard_flows() -%}
    {{ return(rep_day_measures() | selectattr('scorecard') | list) }}
{%- endmacro %}


{# The columns that every scorecard shows: measures, then ratios. #}
{% macro scorecard_columns() -%}
    {%- set shown = scorecard_flows() | rejectattr('scorecard', 'equalto', 'hidden') | list -%}
    {{ return((shown + period_measures()) | map(attribute='name') | list + scorecard_ratios().keys() | list) }}
{%- endmacro %}


{#
    One row per `grain`: the sums of `parts`, a relation with the columns of the grain, all measures (null where a part
    has none), and is_employed. Kept are the rows of who was employed, or has a measure that is not 0.
#}
{% macro scorecard_sums(parts, grain) -%}
    {%- set flows, levels = scorecard_flows(), period_measures() -%}
    select
        {% for column in grain %}
        {{ column }},
        {% endfor %}
        {% for measure in flows + levels %}
        cast({{ summed_measure(measure) }} as {{ measure.type }}) as {{ measure.name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ parts }}
    group by {{ grain | join(', ') }}
    having
        bool_or(is_employed)
        {% for measure in flows + levels | selectattr('makes_row') | list %}
        or sum({{ measure.name }}) <> 0
        {% endfor %}
{%- endmacro %}


{# The sum of a measure over parts; 0 over nothing, but null where the measure has no default. #}
{% macro summed_measure(measure) -%}
    {%- if measure.get('default', 0) is none -%}
        sum({{ measure.name }})
    {%- else -%}
        coalesce(sum({{ measure.name }}), 0)
    {%- endif -%}
{%- endmacro %}


{# All columns of `sums` and the ratios of them. #}
{% macro scorecard_rates(sums) -%}
    select
        {{ sums }}.*,
        {% for name, value in scorecard_ratios().items() %}
        {{ value }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ sums }}
{%- endmacro %}
