-- Opportunities after each change, one row a change, whoever loads Salesforce.
{{ salesforce_rows('opportunity_history') }}
