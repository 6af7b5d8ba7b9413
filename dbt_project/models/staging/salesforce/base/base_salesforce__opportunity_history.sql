-- Opportunities after each change, one row per change, whoever loads Salesforce.
{{ salesforce_rows('opportunity_history') }}
