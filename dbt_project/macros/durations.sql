{# Days between two UTC timestamps, with their fraction, as a double. #}
{% macro days_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }})) / 86400000000
{%- endmacro %}
