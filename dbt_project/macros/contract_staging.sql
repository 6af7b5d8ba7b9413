{#
    The whole staging model of an entity of a contract-shaped source: ingestion has typed and judged its rows, so that
    only ids are made unique to the source. `relation` is its raw table.
#}
{% macro contract_staging(source, entity, relation) -%}
    with landed as (
        select * from {{ relation }}
    )

    select
        {%- for column in landing_contract()[entity].columns %}
        {%- if column == 'is_deleted' %}
        coalesce(landed.is_deleted, false) as is_deleted
        {%- elif column.endswith('_id') or column in ['changed_by', 'pipeline'] %}
        {{ source_id(source, 'landed.' ~ column) }} as {{ column }}
        {%- else %}
        landed.{{ column }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {%- for column, name in landed_pass_through(entity, relation) %},
        landed.{{ column }} as {{ name }}
        {%- endfor %}
    from landed
{%- endmacro %}
