{#
    The sources that records come from: what each can give, which are on, and the names of their records.
    How their rows become one table is in unions.sql.
#}

{# Every source with the entities that it can give. Contract-shaped ones give all: ingestion judged their rows. #}
{% macro known_sources() -%}
    {%- set every_entity = landing_contract() | list -%}
    {%- set crm = [
        'users', 'accounts', 'leads', 'pipeline_stages', 'opportunities', 'opportunity_history', 'calls', 'meetings'
    ] -%}
    {%- set telephony = ['users', 'calls'] -%}
    {{ return({
        'landing': every_entity,
        'exports': every_entity,
        'database': every_entity,
        'hubspot': crm,
        'salesforce': crm + ['quotas', 'exchange_rates'],
        'aircall': telephony,
        'twilio': telephony,
        'gong': telephony,
    }) }}
{%- endmacro %}


{# Whether a source delivers the landing contract itself, so that its rows need no second judgement. #}
{% macro is_contract_shaped(source) -%}
    {{ return(source in ['landing', 'exports', 'database']) }}
{%- endmacro %}


{# The sources that give an entity, in the order of var `sources`. #}
{% macro sources_of(entity) -%}
    {%- set known = known_sources() -%}
    {%- set switched_on = var('sources') or [] -%}
    {%- set chosen = var('entity_sources') or {} -%}
    {%- if not switched_on -%}
        {{ exceptions.raise_compiler_error('sources names no source; it may name: ' ~ known | join(', ')) }}
    {%- endif -%}
    {{ check_names('sources', switched_on, known, 'source') }}
    {{ check_names('entity_sources', chosen, landing_contract(), 'entity') }}
    {%- for name, chosen_sources in chosen.items() -%}
        {{ check_names('entity_sources.' ~ name, chosen_sources or [], known, 'source') }}
        {%- for source in chosen_sources or [] if source not in switched_on or name not in known[source] -%}
            {{ exceptions.raise_compiler_error(
                "entity_sources takes " ~ name ~ " from '" ~ source ~ "', which "
                ~ ("is not among the sources that are on: " ~ switched_on | join(', ')
                    if source not in switched_on else "gives only: " ~ known[source] | join(', '))
            ) }}
        {%- endfor -%}
    {%- endfor -%}
    {%- set allowed = switched_on if chosen.get(entity) is none else chosen[entity] -%}
    {%- set names = [] -%}
    {%- for source in switched_on if source in allowed and entity in known[source] -%}
        {%- do names.append(source) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{# Those of them whose rows are judged here, because no landing contract judged them before. #}
{% macro judged_sources_of(entity) -%}
    {%- set names = [] -%}
    {%- for source in sources_of(entity) if not is_contract_shaped(source) -%}
        {%- do names.append(source) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{# Stop with the known names where a setting has another one, or is no list. #}
{% macro check_names(setting, given, known, noun) -%}
    {%- if given is string -%}
        {{ exceptions.raise_compiler_error(setting ~ " is '" ~ given ~ "'; it must be a list") }}
    {%- endif -%}
    {%- for name in given if name not in known -%}
        {{ exceptions.raise_compiler_error(
            setting ~ " names the unknown " ~ noun ~ " '" ~ name ~ "'; it may name: " ~ known | join(', ')
        ) }}
    {%- endfor -%}
{%- endmacro %}


{#
    An id of a source as all other models see it, so that ids of two sources never meet: `hubspot:42`. Ids of the
    landing files stand as they are. Null stays null. For names of pipelines, too.
#}
{% macro source_id(source, id) -%}
    {%- if source == 'landing' -%}
        {{ id }}
    {%- else -%}
        '{{ source }}:' || {{ id }}
    {%- endif -%}
{%- endmacro %}


{# Who loads a source: `repline` itself, `fivetran` or `airbyte`, as var `landed_by` says. #}
{% macro landed_by(source) -%}
    {%- set loaders = var('landed_by') or {} -%}
    {{ check_names('landed_by', loaders, known_sources(), 'source') }}
    {%- set loader = loaders.get(source) or 'repline' -%}
    {{ check_names('landed_by.' ~ source, [loader], ['fivetran', 'airbyte', 'repline'], 'loader') }}
    {{ return(loader) }}
{%- endmacro %}
