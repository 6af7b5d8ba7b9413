{# The moment of the build, as a UTC timestamp literal. Var `as_of`, else the start of the run. #}
{% macro as_of() -%}
    {%- set given = var('as_of') -%}
    {{ moment_literal(modules.datetime.datetime.fromisoformat(given | string) if given else run_started_at) }}
{%- endmacro %}


{# The moment at which dbt was started, as a UTC timestamp literal: the wall clock, for what has to do with it. #}
{% macro started_at() -%}
    {{ moment_literal(run_started_at) }}
{%- endmacro %}


{% macro moment_literal(moment) -%}
    {%- set utc = moment.astimezone(modules.pytz.utc) if moment.tzinfo else moment -%}
    timestamp '{{ utc.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}


{# The day of the as-of moment in the reporting time zone, as a date. #}
{% macro as_of_day() -%}
    {{ local_day_of(as_of()) }}
{%- endmacro %}


{# The first day of every first version, before which nothing is dated. #}
{% macro beginning_of_time() -%}
    date '1900-01-01'
{%- endmacro %}


{# The last day of what has no end. #}
{% macro end_of_time() -%}
    date '9999-12-31'
{%- endmacro %}


{# The index of the month of the as-of day. #}
{% macro as_of_month() -%}
    {{ month_index(as_of_day()) }}
{%- endmacro %}
