{# What a relation has, where engines find names and zones in their own way. #}

{#
    The columns of a relation in their order, as {name, type}; none where it does not exist. Capitals of the
    relation's name do not matter.
#}
{% macro columns_of(relation) -%}
    {{ return(adapter.dispatch('columns_of', 'repline')(relation)) }}
{%- endmacro %}

{% macro duckdb__columns_of(relation) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select column_name, data_type from duckdb_columns() where database_name = current_database()"
            ~ " and lower(schema_name) = lower('" ~ relation.schema ~ "')"
            ~ " and lower(table_name) = lower('" ~ relation.identifier ~ "') order by column_index"
        ) -%}
        {%- for name, type in found.rows -%}
            {%- do columns.append({'name': name, 'type': type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro spark__columns_of(relation) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do columns.append({'name': column.name, 'type': column.dtype}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}


{# A type of the landing contract in the engine's words, as its catalogue spells it. #}
{% macro engine_type(type) -%}
    {{ return(adapter.dispatch('engine_type', 'repline')(type)) }}
{%- endmacro %}

{% macro duckdb__engine_type(type) -%}
    {{ return(type) }}
{%- endmacro %}

{% macro spark__engine_type(type) -%}
    {{ return({'varchar': 'string', 'timestamp': 'timestamp_ntz'}.get(type, type)) }}
{%- endmacro %}
