{#
    Raw tables that Fivetran or Airbyte put into the warehouse, as the base models of HubSpot read them.

    A column may be missing (a property that nobody uses, a field of a newer version of the connector), and types are
    what the tool made of them: here they are text again, moments in UTC.
    Layouts: https://fivetran.com/docs/connectors/applications/hubspot and
    https://docs.airbyte.com/integrations/sources/hubspot
#}

{# The properties that staging reads of each kind of record, by HubSpot's names. #}
{% macro hubspot_properties(object) -%}
    {{ return({
        'companies': ['name', 'industry', 'country', 'hubspot_owner_id', 'createdate'],
        'contacts': [
            'associatedcompanyid', 'hubspot_owner_id', 'hs_analytics_source', 'hs_lead_status', 'lifecyclestage',
            'createdate'
        ],
        'deals': [
            'dealname', 'pipeline', 'dealstage', 'dealtype', 'amount', 'deal_currency_code', 'hs_analytics_source',
            'createdate', 'closedate', 'closed_lost_reason', 'hubspot_owner_id'
        ],
        'calls': [
            'hubspot_owner_id', 'hs_timestamp', 'hs_call_direction', 'hs_call_duration', 'hs_call_status',
            'hs_call_disposition', 'hs_created_by_user_id'
        ],
        'meetings': [
            'hubspot_owner_id', 'hs_timestamp', 'hs_meeting_start_time', 'hs_meeting_end_time', 'hs_meeting_outcome',
            'hs_created_by_user_id'
        ],
    }[object]) }}
{%- endmacro %}


{# The contract's entity whose custom fields a kind of record has; leads and meetings have none. #}
{% macro hubspot_entity(object) -%}
    {{ return({'companies': 'accounts', 'deals': 'opportunities', 'calls': 'calls'}.get(object)) }}
{%- endmacro %}


{# A column of a relation as text, the first of `names` that it has, else null. #}
{% macro hubspot_text(relation, names) -%}
    {%- set found = hubspot_column(relation, names) -%}
    {%- if not found -%}
    cast(null as string)
    {%- else -%}
    cast({{ without_zone(adapter.quote(found.name), found.dtype) }} as string)
    {%- endif -%}
{%- endmacro %}


{# Whether any of the flags `names` that a relation has is set. #}
{% macro hubspot_flag(relation, names) -%}
    {%- set flags = [] -%}
    {%- for name in names -%}
        {%- set found = hubspot_column(relation, [name]) -%}
        {%- if found -%}
            {%- do flags.append('coalesce(cast(' ~ adapter.quote(found.name) ~ ' as boolean), false)') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ flags | join(' or ') if flags else 'false' }}
{%- endmacro %}


{# The column of a relation that is the first of `names`, none where it has none of them. #}
{% macro hubspot_column(relation, names) -%}
    {%- set by_name = {} -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do by_name.update({column.name | lower: column}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for name in names if name | lower in by_name -%}
        {{ return(by_name[name | lower]) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}


{# Whether a table is in the warehouse: a connector makes none for what an account does not use. #}
{% macro hubspot_has(relation) -%}
    {{ return(execute and adapter.get_relation(relation.database, relation.schema, relation.identifier) is not none) }}
{%- endmacro %}


{#
    The records of a kind. `prefix` stands before the names of properties, `ids` are the names of the id, `renamed`
    has columns that are no properties by the property they stand for, and `flags` say that a record is deleted.
#}
{% macro hubspot_landed_records(object, relation, prefix, ids, flags, renamed={}) -%}
    {%- set modified = ['lastmodifieddate', 'hs_lastmodifieddate'] -%}
    select
        {{ hubspot_text(relation, ids) }} as id,
        {%- for property in hubspot_properties(object) %}
        {{ hubspot_text(relation, renamed.get(property, []) + [prefix ~ property]) }} as {{ property }},
        {%- endfor %}
        {%- for name in (pass_through_names(hubspot_entity(object)) if hubspot_entity(object) else []) %}
        {{ hubspot_text(relation, [prefix ~ name]) }} as {{ adapter.quote(name) }},
        {%- endfor %}
        {%- if object in ['companies', 'contacts', 'deals'] %}
        concat_ws(
            ';',
            {{ hubspot_text(relation, [prefix ~ 'hs_merged_object_ids']) }},
            {{ replace_matches(hubspot_text(relation, [prefix ~ 'hs_calculated_merged_vids']), ':[0-9]+', '') }}
        ) as merged_ids,
        {%- endif %}
        {{ hubspot_text(relation, [prefix ~ modified[0], prefix ~ modified[1], 'updatedAt']) }} as modified_at,
        {{ hubspot_flag(relation, flags) }} as is_archived
    from {{ relation }}
{%- endmacro %}


{# The same of Airbyte, with the archived records, which are in a table of their own where its stream is on. #}
{% macro hubspot_airbyte_records(object, relation, archived) -%}
    with records as (
        {{ hubspot_landed_records(object, relation, 'properties_', ['id'], ['archived']) }}
        {% if hubspot_has(archived) %}
        union all
        {{ hubspot_landed_records(object, archived, 'properties_', ['id'], ['archived']) }}
        {% endif %}
    )

    select * from records
    qualify row_number() over (
        partition by id order by {{ hubspot_moment('modified_at') }} desc nulls last, is_archived desc
    ) = 1
{%- endmacro %}


{# The same of Fivetran. #}
{% macro hubspot_fivetran_records(object, relation, ids, renamed={}) -%}
    {{ hubspot_landed_records(
        object, relation, 'property_', ids, ['is_deleted', '_fivetran_deleted'], renamed
    ) }}
{%- endmacro %}
