{#
    Moments and days. A timestamp is UTC without a zone on every engine: on Spark sessions have
    `spark.sql.timestampType` TIMESTAMP_NTZ and `spark.sql.session.timeZone` UTC.
#}

{# Microseconds since 1970 of a timestamp, a whole number of 64 bits. #}
{% macro microseconds_of(moment) -%}
    {{ return(adapter.dispatch('microseconds_of', 'repline')(moment)) }}
{%- endmacro %}

{% macro duckdb__microseconds_of(moment) -%}
    epoch_us({{ moment }})
{%- endmacro %}

{% macro spark__microseconds_of(moment) -%}
    unix_micros({{ moment }})
{%- endmacro %}


{# The timestamp of microseconds since 1970. #}
{% macro moment_of_microseconds(microseconds) -%}
    {{ return(adapter.dispatch('moment_of_microseconds', 'repline')(microseconds)) }}
{%- endmacro %}

{% macro duckdb__moment_of_microseconds(microseconds) -%}
    make_timestamp({{ microseconds }})
{%- endmacro %}

{% macro spark__moment_of_microseconds(microseconds) -%}
    cast(timestamp_micros({{ microseconds }}) as timestamp_ntz)
{%- endmacro %}


{# A column of any type, with a timestamp that has a zone put into UTC without one. `type` is as the catalogue says. #}
{% macro without_zone(column, type) -%}
    {{ return(adapter.dispatch('without_zone', 'repline')(column, type)) }}
{%- endmacro %}

{% macro duckdb__without_zone(column, type) -%}
    {{ "timezone('UTC', " ~ column ~ ")" if 'TIME ZONE' in type | upper else column }}
{%- endmacro %}

{% macro spark__without_zone(column, type) -%}
    {{ 'cast(' ~ column ~ ' as timestamp_ntz)' if type | lower == 'timestamp' else column }}
{%- endmacro %}


{# The wall-clock time of a zone at a UTC timestamp. #}
{% macro utc_to_local(moment, zone) -%}
    {{ return(adapter.dispatch('utc_to_local', 'repline')(moment, zone)) }}
{%- endmacro %}

{% macro duckdb__utc_to_local(moment, zone) -%}
    timezone('{{ zone }}', timezone('UTC', {{ moment }}))
{%- endmacro %}

{% macro spark__utc_to_local(moment, zone) -%}
    convert_timezone('UTC', '{{ zone }}', {{ moment }})
{%- endmacro %}


{#
    The UTC timestamp of a wall-clock time of a zone. Of a time that the clock skips, the moment as if it had not
    skipped; of one that it shows twice, one of both: the second on DuckDB, the first on Spark.
#}
{% macro local_to_utc(local_time, zone) -%}
    {{ return(adapter.dispatch('local_to_utc', 'repline')(local_time, zone)) }}
{%- endmacro %}

{% macro duckdb__local_to_utc(local_time, zone) -%}
    timezone('UTC', timezone('{{ zone }}', {{ local_time }}))
{%- endmacro %}

{% macro spark__local_to_utc(local_time, zone) -%}
    convert_timezone('{{ zone }}', 'UTC', {{ local_time }})
{%- endmacro %}


{# Days from one date to another, as an integer. #}
{% macro dates_between(earlier, later) -%}
    {{ return(adapter.dispatch('dates_between', 'repline')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__dates_between(earlier, later) -%}
    cast({{ later }} - {{ earlier }} as integer)
{%- endmacro %}

{% macro spark__dates_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}


{# The day of the week, from 1 for Monday to 7 for Sunday, as an integer. #}
{% macro weekday_of(day) -%}
    {{ return(adapter.dispatch('weekday_of', 'repline')(day)) }}
{%- endmacro %}

{% macro duckdb__weekday_of(day) -%}
    cast(isodow({{ day }}) as integer)
{%- endmacro %}

{% macro spark__weekday_of(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}
