{#
    Judging the rows of sources that no landing contract judged at ingestion: the systems' APIs.
    The rules themselves are the landing contract's (landing_contract.sql).
#}

{#
    For the column `unreadable` of a staging model: null, or the first value that cannot be read as its type, as
    '<column>: <value>'. `fields` are the columns with their raw and their typed expressions; an empty text is no
    value: unreadable({'amount': ['deals.amount', 'try_cast(deals.amount as decimal(18, 4))']})
#}
{% macro unreadable(fields) -%}
    {%- if fields -%}
    case
        {%- for column, (raw, typed) in fields.items() %}
        when {{ typed }} is null and cast({{ raw }} as string) <> '' then '{{ column }}: ' || cast({{ raw }} as string)
        {%- endfor %}
    end
    {%- else -%}
    cast(null as string)
    {%- endif -%}
{%- endmacro %}


{#
    The rows of an entity that a judged source gives, in the contract's columns and `extras`, with `rejection`:
    null, or why the row cannot be used, as a record (column_name, value, reason).

    A repeated position of a pipeline's stages is no reason, as it is in a file: CRMs give archived stages the
    position of live ones, and the models break such ties by the stage's name.
#}
{% macro judged_rows(source, entity, extras=[]) -%}
    {%- set contract = landing_contract()[entity] -%}
    {%- set has_stages = 'unknown_stage' in contract -%}
    {{- check_shape(source, entity) -}}
    {%- set pipeline = meant(source, entity, 'pipeline') if 'pipeline' in contract.columns -%}
    {%- if entity == 'opportunity_history' -%}
        {#- Of an opportunity that is not known it stays null: the row is passed over later, and counted. -#}
        {%- set pipeline = 'coalesce(source_rows.pipeline, opportunities.pipeline)' -%}
    {%- endif -%}
    select
        *,
        case
            when unreadable is not null
                then {{ record_of({
                    'column_name': "split_part(unreadable, ': ', 1)",
                    'value': "left(substr(unreadable, instr(unreadable, ': ') + 2), 200)",
                    'reason': "'cannot be read as its type'",
                }) }}
            {%- for check in contract.checks %}
            when {{ check.is_bad }}
                then {{ rejection(check.column, check.reason) }}
            {%- endfor %}
            {%- if has_stages %}
            when not has_known_stage
                then {{ rejection('stage', contract.unknown_stage) }}
            {%- endif %}
        end as rejection
    from (
        select
            {%- for column in contract.columns %}
            {{ meant(source, entity, column) }} as {{ column }},
            {%- endfor %}
            {%- for name in extras %}
            source_rows.{{ adapter.quote(name) }},
            {%- endfor %}
            {%- if has_stages %}
            {{ pipeline }} is null or known_stages.stage is not null as has_known_stage,
            {%- endif %}
            source_rows.unreadable
        from {{ ref('stg_' ~ source ~ '__' ~ entity) }} as source_rows
        {%- if entity == 'opportunity_history' %}
        left join {{ ref('int_opportunities_unioned') }} as opportunities
            on source_rows.opportunity_id = opportunities.opportunity_id
        {%- endif %}
        {%- if has_stages %}
        left join {{ ref('int_pipeline_stages_unioned') }} as known_stages
            on
                {{ pipeline }} = known_stages.pipeline
                and source_rows.stage = known_stages.stage
        {%- endif %}
    )
{%- endmacro %}


{#
    Stop where a staging model lacks a column of the contract or has it in another type: sums of doubles, say, are not
    the same twice.
#}
{% macro check_shape(source, entity) -%}
    {%- set relation = ref('stg_' ~ source ~ '__' ~ entity) -%}
    {%- if execute -%}
        {%- set types = {} -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do types.update({column.name: column.dtype | lower | replace(',', ', ')}) -%}
        {%- endfor -%}
        {#- Where nothing is built yet there is nothing to look at. -#}
        {%- for column, type in landing_contract()[entity].columns.items() if types and types.get(column) != engine_type(type) -%}
            {{ exceptions.raise_compiler_error(
                relation.identifier ~ " has the column " ~ column ~ " as " ~ (types.get(column) or "nothing at all")
                ~ "; the landing contract says " ~ engine_type(type)
            ) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{# Why a row is rejected, with the value of the column at fault. #}
{% macro rejection(column, reason) -%}
    {{ record_of({
        'column_name': text_literal(column),
        'value': 'left(cast(' ~ column ~ ' as string), 200)',
        'reason': text_literal(reason),
    }) }}
{%- endmacro %}


{# A column of a source's rows with the value that an empty field stands for; a pipeline is one of its source. #}
{% macro meant(source, entity, column) -%}
    {%- set default = landing_contract()[entity].null_means.get(column) -%}
    {%- if default is none -%}
        source_rows.{{ column }}
    {%- else -%}
        {%- set default = "'" ~ default ~ "'" -%}
        coalesce(source_rows.{{ column }}, {{ source_id(source, default) if column == 'pipeline' else default }})
    {%- endif -%}
{%- endmacro %}
