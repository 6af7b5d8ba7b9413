{# How HubSpot writes values, and which of its base models are on. #}

{# The base model of an object in the layout of whoever loads HubSpot: Repline, Fivetran or Airbyte. #}
{% macro hubspot_base(object) -%}
    {{ return(ref('base_hubspot__' ~ object ~ '__' ~ landed_by('hubspot'))) }}
{%- endmacro %}


{# For the configuration of a base model: whether HubSpot is on and loaded by `loader`. sqlfluff looks at all. #}
{% macro hubspot_is_landed_by(loader) -%}
    {{ return(target.name == 'lint' or ('hubspot' in var('sources') and landed_by('hubspot') == loader)) }}
{%- endmacro %}


{# For the base model of an object that another tool does not land: its columns, as staging reads them, and no row. #}
{% macro hubspot_without_rows(object) -%}
    {%- set columns = {
        'campaign_costs': [
            'campaign_id', 'currency_code', 'spend_items', 'hs_start_date', 'hs_end_date', 'is_archived',
        ],
        'lead_stages': ['id', 'label'],
        'teams': ['id', 'name'],
        'exchange_rates': ['from_currency', 'to_currency', 'conversion_rate', 'effective_at'],
        'goal_targets': [
            'id', 'hs_goal_name', 'hs_goal_type', 'hs_milestone', 'hs_group_correlation_uuid', 'hubspot_owner_id',
            'hs_assignee_user_id', 'hs_assignee_team_id', 'hs_pipeline_ids', 'hs_start_datetime', 'hs_end_datetime', 'hs_target_amount',
            'hs_goal_target_currency_code', 'hs_kpi_object_type_id', 'hs_kpi_unit_type', 'hs_kpi_metric_type',
            'hs_kpi_filter_groups', 'hs_kpi_tracking_method', 'hs_kpi_time_period_property', 'hs_createdate', 'modified_at', 'is_archived',
        ],
    } -%}
    {%- set names = columns.get(object) or ['id'] + hubspot_properties(object) + ['modified_at', 'is_archived'] -%}
    select
        {%- for column in names %}
        {{ 'false' if column.startswith('is_') else 'cast(null as string)' }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}


{# A moment as naive UTC: HubSpot writes ISO 8601 in UTC, and milliseconds since 1970 where a value is old. #}
{% macro hubspot_moment(text) -%}
    coalesce(try_cast({{ text }} as timestamp), {{ moment_of_microseconds('try_cast(' ~ text ~ ' as bigint) * 1000') }})
{%- endmacro %}


{#
    The day of a moment that people read as a day. Imports and the API set midnight UTC for a day; a date picked in
    HubSpot is a moment of that day in the user's time zone, here the reporting time zone.
    https://developers.hubspot.com/docs/faq/how-should-timestamps-be-formatted-for-hubspots-apis
#}
{% macro hubspot_day(text) -%}
    {%- set moment = hubspot_moment(text) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
    cast({{ moment }} as date)
    {%- else -%}
    case
        when {{ moment }} = cast(cast({{ moment }} as date) as timestamp) then cast({{ moment }} as date)
        else {{ local_day_of(moment) }}
    end
    {%- endif -%}
{%- endmacro %}


{# Joins the lead object that a contact stands for at a moment as `contact_leads`, of which there may be none. #}
{% macro hubspot_join_contact_leads(contact_id, moment) -%}
left join contact_leads
    on
        {{ contact_id }} = contact_leads.contact_id
        and {{ moment }} >= contact_leads.from_at
        and {{ moment }} < contact_leads.until_at
{%- endmacro %}


{# The contract's lead of a contact after that join: its lead object, else the contact itself. #}
{% macro hubspot_lead_of(contact_id) -%}
    {{ source_id('hubspot', 'coalesce(contact_leads.lead_key, ' ~ contact_id ~ ')') }}
{%- endmacro %}
