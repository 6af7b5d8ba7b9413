{#
    Days of the reporting time zone. Both macros convert through ICU, which costs half a second a million
    rows: they are for small tables and constants. Big tables join int_local_days.
#}

{# The local date of a UTC timestamp. #}
{% macro local_day_of(moment) -%}
    cast(timezone('{{ var("reporting_timezone") }}', timezone('UTC', {{ moment }})) as date)
{%- endmacro %}


{#
    The UTC timestamp at which a local date starts.

    Where the clock is put back over midnight, the first midnight counts; ICU gives the second. The offset
    in force three hours before finds the first. A midnight that the clock skips is the moment of the skip.
#}
{% macro local_midnight(day) -%}
    {%- set icu_midnight -%}
        timezone('UTC', timezone('{{ var("reporting_timezone") }}', cast({{ day }} as timestamp)))
    {%- endset -%}
    {%- set hours_before = "(" ~ icu_midnight ~ " - interval 3 hour)" -%}
    {%- set earlier_midnight -%}
        (cast({{ day }} as timestamp) + (
            {{ hours_before }} - timezone('{{ var("reporting_timezone") }}', timezone('UTC', {{ hours_before }}))
        ))
    {%- endset -%}
    case
        when {{ earlier_midnight }} < {{ icu_midnight }} and {{ local_day_of(earlier_midnight) }} = {{ day }}
            then {{ earlier_midnight }}
        else {{ icu_midnight }}
    end
{%- endmacro %}
