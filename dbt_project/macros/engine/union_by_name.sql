{#
    All rows of several relations with different columns, by name: what one lacks is null. Given are the columns of
    each, because no engine tells dbt those of a CTE.

        union_by_name({'won': ['user_id', 'won_count'], 'lost': ['user_id', 'lost_count']})
#}
{% macro union_by_name(columns_by_relation) -%}
    {%- set names = [] -%}
    {%- for columns in columns_by_relation.values() -%}
        {%- for column in columns if column not in names -%}
            {%- do names.append(column) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for relation, columns in columns_by_relation.items() -%}
    {{ '\n    union all\n    ' if not loop.first }}select
        {%- for name in names %}
        {{ name if name in columns else 'null as ' ~ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    {%- endfor -%}
{%- endmacro %}
