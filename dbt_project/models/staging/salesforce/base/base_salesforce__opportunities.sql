-- Opportunities, one row an opportunity, whoever loads Salesforce.
{{ salesforce_rows('opportunities') }}
