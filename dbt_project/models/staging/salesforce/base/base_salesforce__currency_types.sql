-- Currencies of the organisation, one row per currency, whoever loads Salesforce.
{{ salesforce_rows('currency_types') }}
