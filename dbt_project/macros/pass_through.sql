{# Columns beyond the landing contract, which var `pass_through_columns` lists by entity. #}

{# The entities whose extra columns can be passed through; each has one dimension or fact. #}
{% macro pass_through_entities() -%}
    {%- set entities = [] -%}
    {%- for entity, contract in landing_contract().items() if contract.passes_extra_columns -%}
        {%- do entities.append(entity) -%}
    {%- endfor -%}
    {{ return(entities) }}
{%- endmacro %}


{# The names of an entity's extra columns, as listed. #}
{% macro pass_through_names(entity) -%}
    {%- set listed = var('pass_through_columns') or {} -%}
    {{ check_names('pass_through_columns', listed, pass_through_entities(), 'entity') }}
    {{ return(listed.get(entity) or []) }}
{%- endmacro %}


{#
    For a staging model: the extra columns that its raw (or base) relation has, as pairs of the quoted column and its
    quoted name. A system may write a name in another way than its raw column, `Tier__c` for `tier_c`: letters and
    digits decide.

        {% for column, name in landed_pass_through('accounts', source('hubspot', 'hubspot__companies')) %}
        companies.{{ column }} as {{ name }},
        {% endfor %}
#}
{% macro landed_pass_through(entity, relation) -%}
    {%- set pairs = [] -%}
    {%- set names = pass_through_names(entity) -%}
    {%- if execute and names -%}
        {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {%- set columns_by_letters = {} -%}
        {%- for column in columns -%}
            {%- do columns_by_letters.setdefault(letters_and_digits(column), column) -%}
        {%- endfor -%}
        {%- for name in names -%}
            {%- set column = name if name in columns else columns_by_letters.get(letters_and_digits(name)) -%}
            {%- if column -%}
                {%- do pairs.append((adapter.quote(column), adapter.quote(name))) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(pairs) }}
{%- endmacro %}


{# The extra columns that each source has in its raw table or staging model, by source. Each has to be in one. #}
{% macro pass_through_by_source(entity) -%}
    {%- set names = pass_through_names(entity) -%}
    {%- set found = {} -%}
    {%- for source in sources_of(entity) -%}
        {%- set present = [] -%}
        {%- set quoted = [] -%}
        {%- if execute and names -%}
            {%- if is_contract_shaped(source) -%}
                {%- for _, name in landed_pass_through(entity, contract_table(source, entity)) -%}
                    {%- do quoted.append(name) -%}
                {%- endfor -%}
            {%- else -%}
                {%- set relation = ref('stg_' ~ source ~ '__' ~ entity) -%}
                {%- for column in adapter.get_columns_in_relation(relation) -%}
                    {%- do quoted.append(adapter.quote(column.name)) -%}
                {%- endfor -%}
            {%- endif -%}
            {%- for name in names if adapter.quote(name) in quoted -%}
                {%- do present.append(name) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do found.update({source: present}) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- for name in names if name not in found.values() | sum(start=[]) -%}
            {{ exceptions.raise_compiler_error(
                "pass_through_columns lists '" ~ name ~ "' for " ~ entity ~ ", which no source of it has (sources: "
                ~ sources_of(entity) | join(', ') ~ ")"
            ) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}


{# A name without what systems and warehouses write differently. #}
{% macro letters_and_digits(name) -%}
    {{ return(modules.re.sub('[^a-z0-9]', '', name | lower)) }}
{%- endmacro %}
