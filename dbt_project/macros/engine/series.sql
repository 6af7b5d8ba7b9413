{#
    Series, one row per value, as a column of a `select`; a select takes one of these. Both ends are in the series,
    which is empty where the last comes before the first.
#}

{# Whole numbers from `first` to `last`, as integers. #}
{% macro explode_integers(first, last) -%}
    {{ return(adapter.dispatch('explode_integers', 'repline')(first, last)) }}
{%- endmacro %}

{% macro duckdb__explode_integers(first, last) -%}
    cast(unnest(range({{ first }}, {{ last }} + 1)) as integer)
{%- endmacro %}

{% macro spark__explode_integers(first, last) -%}
    explode(if({{ first }} <= {{ last }}, sequence({{ first }}, {{ last }}), array()))
{%- endmacro %}


{# Dates from `first` to `last`. #}
{% macro explode_days(first, last) -%}
    {{ return(adapter.dispatch('explode_days', 'repline')(first, last)) }}
{%- endmacro %}

{% macro duckdb__explode_days(first, last) -%}
    cast(unnest(generate_series(
        cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day
    )) as date)
{%- endmacro %}

{% macro spark__explode_days(first, last) -%}
    explode(if({{ first }} <= {{ last }}, sequence({{ first }}, {{ last }}, interval 1 day), array()))
{%- endmacro %}
