-- Changes of tracked fields of opportunities, one row per field and change, whoever loads Salesforce.
{{ salesforce_rows('opportunity_field_history') }}
