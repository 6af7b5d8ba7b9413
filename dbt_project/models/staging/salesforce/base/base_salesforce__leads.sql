-- Leads, one row per lead, whoever loads Salesforce.
{{ salesforce_rows('leads') }}
