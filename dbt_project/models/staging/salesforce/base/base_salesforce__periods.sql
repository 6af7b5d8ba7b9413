-- Fiscal periods, one row per period, whoever loads Salesforce.
{{ salesforce_rows('periods') }}
