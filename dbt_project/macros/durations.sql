{# Days between two UTC timestamps, with their fraction, as a double. #}
{% macro days_between(earlier, later) -%}
    ({{ microseconds_of(later) }} - {{ microseconds_of(earlier) }}) / 86400000000
{%- endmacro %}


{# Seconds between two UTC timestamps, to the microsecond, as a decimal that can be summed. #}
{% macro seconds_between(earlier, later) -%}
    cast(({{ microseconds_of(later) }} - {{ microseconds_of(earlier) }}) * 0.000001 as decimal(18, 6))
{%- endmacro %}
