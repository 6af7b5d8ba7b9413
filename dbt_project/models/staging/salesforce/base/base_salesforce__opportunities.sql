-- Opportunities, one row per opportunity, whoever loads Salesforce.
{{ salesforce_rows('opportunities') }}
