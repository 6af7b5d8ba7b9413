{# The landing entities whose extra columns can be passed through; each has one dimension or fact. #}
{% macro pass_through_entities() -%}
    {{ return(['users', 'accounts', 'pipeline_stages', 'opportunities', 'calls']) }}
{%- endmacro %}


{# The names of an entity's extra columns, as var `pass_through_columns` lists them. #}
{% macro pass_through_names(entity) -%}
    {%- set listed = var('pass_through_columns') or {} -%}
    {%- for name in listed if name not in pass_through_entities() -%}
        {{ exceptions.raise_compiler_error(
            "pass_through_columns names the entity '" ~ name ~ "'; it may name: "
            ~ pass_through_entities() | join(', ')
        ) }}
    {%- endfor -%}
    {{ return(listed.get(entity) or []) }}
{%- endmacro %}


{# The same for a staging model, after a check that the raw table has them. #}
{% macro landed_pass_through_names(entity) -%}
    {%- set names = pass_through_names(entity) -%}
    {%- if execute and names -%}
        {%- set relation = source('raw', 'landing__' ~ entity) -%}
        {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {%- for name in names if name not in present -%}
            {{ exceptions.raise_compiler_error(
                "pass_through_columns lists '" ~ name ~ "' for " ~ entity ~ ", which no file of it has; it has: "
                ~ present | join(', ')
            ) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}
