{# Whole numbers where engines differ. #}

{# The whole part of a quotient of whole numbers; cast it where its width matters: Spark always gives 64 bits. #}
{% macro integer_divide(dividend, divisor) -%}
    {{ return(adapter.dispatch('integer_divide', 'repline')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__integer_divide(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{% macro spark__integer_divide(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}


{# A whole number for each row of a table, in no order; of 32 bits where the engine can count rows in passing. #}
{% macro row_key() -%}
    {{ return(adapter.dispatch('row_key', 'repline')()) }}
{%- endmacro %}

{% macro duckdb__row_key() -%}
    cast(row_number() over () as integer)
{%- endmacro %}

{% macro spark__row_key() -%}
    monotonically_increasing_id()
{%- endmacro %}
