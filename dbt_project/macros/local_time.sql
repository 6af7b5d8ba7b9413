{#
    Days of the reporting time zone. Both macros convert through the engine's time zones, in DuckDB half a
    second per million rows: they are for small tables and constants. Big tables join int_local_days.
#}

{# The name of the zone, safe within quotes. Repline checks it at the start; `dbt build` alone does not. #}
{% macro reporting_timezone() -%}
    {{ return(var('reporting_timezone') | replace("'", "''")) }}
{%- endmacro %}


{# The local date of a UTC timestamp. #}
{% macro local_day_of(moment) -%}
    cast({{ utc_to_local(moment, reporting_timezone()) }} as date)
{%- endmacro %}


{#
    The UTC timestamp at which a local date starts.

    Where the clock is put back over midnight, the first midnight counts; DuckDB gives the second. The offset
    in force three hours before finds the first. A midnight that the clock skips is the moment of the skip.
#}
{% macro local_midnight(day) -%}
    {%- set zone = reporting_timezone() -%}
    {%- set midnight = local_to_utc('cast(' ~ day ~ ' as timestamp)', zone) -%}
    {%- set hours_before = "(" ~ midnight ~ " - interval 3 hour)" -%}
    {%- set earlier_midnight -%}
        (cast({{ day }} as timestamp) + (
            {{ hours_before }} - {{ utc_to_local(hours_before, zone) }}
        ))
    {%- endset -%}
    case
        when {{ earlier_midnight }} < {{ midnight }} and {{ local_day_of(earlier_midnight) }} = {{ day }}
            then {{ earlier_midnight }}
        else {{ midnight }}
    end
{%- endmacro %}
