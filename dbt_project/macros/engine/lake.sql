{#
    Where Spark keeps tables: as Parquet files in the lake, the folder `REPLINE_LAKE`, with a folder per schema and in it a
    folder per table. DuckDB keeps them in its own file.
#}

{% macro lake_folder(schema, table) -%}
    {%- set lake = env_var('REPLINE_LAKE', env_var('REPLINE_HOME', '../data') ~ '/lake') -%}
    {{ return(lake ~ '/' ~ schema ~ '/' ~ table) }}
{%- endmacro %}


{# Each table that dbt makes is in its folder, so that who reads files finds it without Spark's metastore. #}
{% macro spark__location_clause() -%}
    location {{ text_literal(lake_folder(model.schema, model.alias)) }}
{%- endmacro %}


{#
    Let Spark see tables that are in the lake already, by schema:
    `dbt run-operation read_lake --args '{tables: {snapshots: [users_seen]}}'`.
    `packages` are the raw tables of loads: the schema where all their rows are seen, and by table the query of a view in
    schema raw. They are declared anew before each build, since a load may bring new columns.
#}
{% macro read_lake(tables, packages) -%}
    {% for schema, names in tables.items() %}
        {% do run_query('create schema if not exists ' ~ schema) %}
        {% for name in names %}
            {% do declare_table(schema ~ '.' ~ adapter.quote(name), lake_folder(schema, name)) %}
        {% endfor %}
    {% endfor %}
    {% do run_query('create schema if not exists ' ~ packages['schema']) %}
    {% do run_query('create schema if not exists raw') %}
    {% for name, query in packages['views'].items() %}
        {% do declare_table(packages['schema'] ~ '.' ~ adapter.quote(name), lake_folder('raw', name)) %}
        {% do run_query('create or replace view raw.' ~ adapter.quote(name) ~ ' as ' ~ query) %}
    {% endfor %}
{%- endmacro %}

{# Files of one table may differ in columns that came later. #}
{% macro declare_table(table, folder) -%}
    {% do run_query('drop table if exists ' ~ table) %}
    {% do run_query(
        'create table ' ~ table ~ " using parquet options (mergeSchema 'true') location " ~ text_literal(folder)
    ) %}
{%- endmacro %}
