{#
    One table an entity from all sources that give it: the contract's columns, then the columns that var
    `pass_through_columns` lists. Which sources those are is in sources.sql.
#}

{#
    The table of an entity. `people` are the columns that name a user: they get the id by which the person is known,
    which is the one of the first source that has the person (int_user_identities).

    With one source it is a plain selection from its staging model.
#}
{% macro unioned(entity, people=[]) -%}
    {%- set has_several_people_sources = people and sources_of('users') | length > 1 -%}
    with unioned as (
        {{ union_rows(entity) }}
    )

    select
        {%- for column in landing_contract()[entity].columns %}
        {%- if has_several_people_sources and column in people %}
        coalesce({{ column }}_identities.person_id, unioned.{{ column }}) as {{ column }}
        {%- else %}
        unioned.{{ column }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {%- for name in pass_through_names(entity) %},
        unioned.{{ adapter.quote(name) }}
        {%- endfor %}
    from unioned
    {%- if has_several_people_sources %}
    {%- for column in people %}
    left join {{ ref('int_user_identities') }} as {{ column }}_identities
        on unioned.{{ column }} = {{ column }}_identities.user_id
    {%- endfor %}
    {%- endif %}
{%- endmacro %}


{# The rows of an entity that can be used, of all its sources, with `source_rank` from 1 in their order. #}
{% macro union_rows(entity) -%}
    {%- set columns = landing_contract()[entity].columns -%}
    {%- set extras = pass_through_by_source(entity) -%}
    {%- for source in sources_of(entity) %}
        select
            {%- for column in columns %}
            {{ column }},
            {%- endfor %}
            {%- for name in pass_through_names(entity) %}
            {{ adapter.quote(name) if name in extras[source] else 'cast(null as string) as ' ~ adapter.quote(name) }},
            {%- endfor %}
            {{ loop.index }} as source_rank
        {%- if is_contract_shaped(source) %}
        from {{ ref('stg_' ~ source ~ '__' ~ entity) }}
        {%- else %}
        from (
            {{ judged_rows(source, entity, extras[source]) }}
        )
        where rejection is null
        {%- endif %}
        {{- '\n        union all' if not loop.last }}
    {%- else %}
        select
            {%- for column, type in columns.items() %}
            cast(null as {{ engine_type(type) }}) as {{ column }},
            {%- endfor %}
            {%- for name in pass_through_names(entity) %}
            cast(null as string) as {{ adapter.quote(name) }},
            {%- endfor %}
            1 as source_rank
        where false
    {%- endfor %}
{%- endmacro %}


{#
    How a union that several models read is kept. Rows in the landing contract are typed already, so that a view over
    them costs its readers nothing. Rows of an API are read and judged once: of ten million calls that took 10 s, and
    2 to 3 s each time that a view was read, which happens six times.
#}
{% macro union_materialization(entity) -%}
    {{ return('table' if judged_sources_of(entity) else 'view') }}
{%- endmacro %}
