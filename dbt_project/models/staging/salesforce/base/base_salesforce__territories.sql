-- Sales territories, one row per territory, whoever loads Salesforce.
{{ salesforce_rows('territories') }}
