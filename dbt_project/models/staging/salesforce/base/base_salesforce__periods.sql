-- Fiscal periods, one row a period, whoever loads Salesforce.
{{ salesforce_rows('periods') }}
