{#
    One table per entity from all sources that give it: the contract's columns, then the columns that var
    `pass_through_columns` lists. Which sources those are is in sources.sql.
#}

{#
    The table of an entity. Columns that name a user get the id by which the person is known, which is the one of the
    first source that has the person (int_user_identities). Where no id is in the key (a currency's rate of a day, say)
    sources can have one key, and the row of the first source stands.

    With one source it is a plain selection from its raw table or staging model.
#}
{% macro unioned(entity) -%}
    {%- set contract = landing_contract()[entity] -%}
    {%- set people = contract.people if sources_of('users') | length > 1 else [] -%}
    with unioned as (
        {{ union_rows(entity) }}
    )

    select
        {%- for column in contract.columns %}
        {%- if column in people %}
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
    {%- for column in people %}
    left join {{ ref('int_user_identities') }} as {{ column }}_identities
        on unioned.{{ column }} = {{ column }}_identities.user_id
    {%- endfor %}
    {%- if not contract.has_ids and sources_of(entity) | length > 1 %}
    qualify row_number() over (
        partition by {% for column in contract.key %}unioned.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
        order by unioned.source_rank
    ) = 1
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
        from (
            {{ contract_rows(source, entity) if is_contract_shaped(source)
                else judged_rows(source, entity, extras[source]) }}
        )
        {%- if not is_contract_shaped(source) %}
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
    How a union is kept. Rows in the landing contract are typed already, so that a view over
    them costs its readers nothing. Rows of an API are read and judged once: of ten million calls that took 10 s, and
    2 to 3 s each time that a view was read, which happens six times. Those that one model reads are views. The marts
    gate reads users and opportunities.
#}
{% macro union_materialization(entity) -%}
    {%- set is_table = landing_contract()[entity].is_read_often and judged_sources_of(entity) -%}
    {%- set view = view_for_readers() if entity in ['users', 'opportunities'] else 'view' -%}
    {{ return('table' if is_table else view) }}
{%- endmacro %}
