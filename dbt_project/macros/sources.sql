{#
    The sources that records come from: which are on, what they give, and the names of their records. Which there are
    is in known_sources.sql, how their rows become one table in unions.sql.
#}

{# Whether a source delivers the landing contract itself, so that its rows need no second judgement. #}
{% macro is_contract_shaped(source) -%}
    {{ return(known_sources()[source].is_contract_shaped) }}
{%- endmacro %}


{# The sources that are on, in the order of var `sources`, after a look at the settings that name sources. #}
{% macro switched_on_sources() -%}
    {%- set known = known_sources() -%}
    {%- set switched_on = var('sources') or [] -%}
    {%- set chosen = var('entity_sources') or {} -%}
    {%- if not switched_on -%}
        {{ exceptions.raise_compiler_error('sources names no source; it may name: ' ~ known | join(', ')) }}
    {%- endif -%}
    {{ check_names('sources', switched_on, known, 'source') }}
    {{ check_names('landed_by', var('landed_by') or {}, loaders_of_sources(), 'source') }}
    {{ check_names('landed_schemas', var('landed_schemas') or {}, known, 'source') }}
    {{ check_names('entity_sources', chosen, landing_contract(), 'entity') }}
    {%- for entity, sources in chosen.items() -%}
        {%- set setting = 'entity_sources.' ~ entity -%}
        {{ check_names(setting, sources or [], known, 'source') }}
        {%- for source in sources or [] -%}
            {%- if source not in switched_on -%}
                {{ exceptions.raise_compiler_error(
                    setting ~ " names '" ~ source ~ "', which is not on; sources names: " ~ switched_on | join(', ')
                ) }}
            {%- elif entity not in known[source].entities -%}
                {{ exceptions.raise_compiler_error(
                    setting ~ " names '" ~ source ~ "', which gives only: " ~ known[source].entities | join(', ')
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(switched_on) }}
{%- endmacro %}


{# Those of them that give an entity. #}
{% macro sources_of(entity) -%}
    {%- set switched_on = switched_on_sources() -%}
    {%- set chosen = (var('entity_sources') or {}).get(entity) -%}
    {%- set names = [] -%}
    {%- for source in switched_on if entity in known_sources()[source].entities -%}
        {%- if chosen is none or source in chosen -%}
            {%- do names.append(source) -%}
        {%- endif -%}
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


{# Stop with the known names where a setting has another one. #}
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


{# Who else may load a source: those whose tables its base models know, by source. #}
{% macro loaders_of_sources() -%}
    {%- set loaders = {} -%}
    {%- for source, known in known_sources().items() if known.landers -%}
        {%- do loaders.update({source: known.landers}) -%}
    {%- endfor -%}
    {{ return(loaders) }}
{%- endmacro %}


{# Who loads a source: `repline` itself, or whom var `landed_by` names. #}
{% macro landed_by(source) -%}
    {%- set loader = (var('landed_by') or {}).get(source) -%}
    {{ check_names('landed_by.' ~ source, [loader] if loader else [], loaders_of_sources()[source], 'loader') }}
    {{ return(loader or 'repline') }}
{%- endmacro %}
