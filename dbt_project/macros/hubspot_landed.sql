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
        'leads': [
            'hubspot_owner_id', 'hs_pipeline_stage', 'hs_lead_label', 'hs_lead_source', 'hs_primary_contact_id',
            'hs_createdate'
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
        'emails': [
            'hubspot_owner_id', 'hs_timestamp', 'hs_email_direction', 'hs_email_status', 'hs_email_thread_id',
            'hs_incoming_email_is_out_of_office', 'hs_sequence_id', 'hs_object_source', 'hs_owner_ids_from',
            'hs_created_by_user_id'
        ],
        'communications': [
            'hubspot_owner_id', 'hs_timestamp', 'hs_communication_channel_type', 'hs_object_source',
            'hs_created_by_user_id'
        ],
        'tasks': ['hubspot_owner_id', 'hs_timestamp', 'hs_task_type', 'hs_task_status', 'hs_task_completion_date'],
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


{# The tables of activities that not every account or connector has, by loader. #}
{% macro hubspot_activity_tables(loader) -%}
    {{ return({
        'fivetran': {
            'emails': 'engagement_email', 'communications': 'engagement_communication', 'tasks': 'engagement_task',
        },
        'airbyte': {
            'emails': 'engagements_emails', 'communications': 'engagements_communications',
            'tasks': 'engagements_tasks',
        },
    }[loader]) }}
{%- endmacro %}


{# The records of a kind of activity, whoever loads HubSpot. #}
{% macro hubspot_activities(object) -%}
    {%- set tables = {} -%}
    {%- for loader in ['fivetran', 'airbyte'] -%}
        {%- do tables.update({loader: hubspot_activity_tables(loader)[object]}) -%}
    {%- endfor -%}
    {{ hubspot_optional_records(object, tables, ['engagement_id']) }}
{%- endmacro %}


{#
    The records of a kind that an account or a connector may lack, whoever loads HubSpot: no row where nobody landed a
    table of it. `tables` are other tools' tables by the tool, `ids` how Fivetran calls the id.
#}
{% macro hubspot_optional_records(object, tables, ids) -%}
    {%- set loader = landed_by('hubspot') -%}
    {%- if loader == 'repline' -%}
        {%- set relation = source('hubspot', 'hubspot__' ~ object) -%}
        {%- set archived_records = source('hubspot', 'hubspot__archived_records') -%}
with records as (
    select * from {{ relation }}
),

archived_records as (
    select * from {{ archived_records }}
    where object_type = '{{ object }}' and not _is_gone
)

select
    records.*,
    cast(records.hs_lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from records
left join archived_records
    on records.id = archived_records.id
    {%- else -%}
        {%- set table = tables[loader] -%}
        {%- set relation = source('hubspot_' ~ loader, table) -%}
        {%- set archived = source('hubspot_airbyte', table ~ '_archived') if loader == 'airbyte' -%}
        {%- if not hubspot_has(relation) -%}
            {{ hubspot_without_rows(object) }}
        {%- elif loader == 'fivetran' -%}
            {{ hubspot_fivetran_records(object, relation, ids) }}
        {%- else -%}
            {{ hubspot_airbyte_records(object, relation, archived) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
