-- Models of territories, one row per model, whoever loads Salesforce.
{{ salesforce_rows('territory_models') }}
