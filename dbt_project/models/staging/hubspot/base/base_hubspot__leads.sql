-- Leads of the lead object, one row per lead, whoever loads HubSpot.
{{ hubspot_optional_records('leads', {'fivetran': 'lead', 'airbyte': 'leads'}, ['id', 'lead_id']) }}
