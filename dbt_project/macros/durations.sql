{# Days between two UTC timestamps, with their fraction, as a double. #}
{% macro days_between(earlier, later) -%}
    ({{ microseconds_of(later) }} - {{ microseconds_of(earlier) }}) / 86400000000
{%- endmacro %}
