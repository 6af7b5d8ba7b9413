{#
    Rows of contract-shaped sources: ingestion has typed and judged them, so that they need no staging model.
#}

{# The raw table of an entity of a contract-shaped source. The parameter is not called `source`: that is dbt's. #}
{% macro contract_table(source_name, entity) -%}
    {{ return(source(source_name, source_name ~ '__' ~ entity)) }}
{%- endmacro %}


{# The rows of an entity that a contract-shaped source gives: its raw table, with ids made unique to the source. #}
{% macro contract_rows(source, entity) -%}
    {%- set contract = landing_contract()[entity] -%}
    {%- set relation = contract_table(source, entity) -%}
    select
        {%- for column in contract.columns %}
        {%- if column == 'is_deleted' %}
        coalesce(landed.is_deleted, false) as is_deleted
        {%- elif column in contract.ids_where %}
        case
            when landed.{{ contract.ids_where[column] }} then {{ source_id(source, 'landed.' ~ column) }}
            else landed.{{ column }}
        end as {{ column }}
        {%- elif column in contract.ids %}
        {{ source_id(source, 'landed.' ~ column) }} as {{ column }}
        {%- else %}
        landed.{{ column }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {%- for column, name in landed_pass_through(entity, relation) %},
        landed.{{ column }} as {{ name }}
        {%- endfor %}
    from {{ relation }} as landed
{%- endmacro %}
