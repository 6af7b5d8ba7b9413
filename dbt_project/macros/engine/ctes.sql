{# Hints on common table expressions. #}

{#
    Before the parenthesis of a CTE that is read more than once and had better be read each time, as filters and
    columns reach the table: DuckDB would keep the whole of it. Spark never does.

        states as {{ inlined() }} (
#}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'repline')()) }}
{%- endmacro %}

{% macro duckdb__inlined() -%}
    not materialized
{%- endmacro %}

{% macro spark__inlined() -%}
{%- endmacro %}
