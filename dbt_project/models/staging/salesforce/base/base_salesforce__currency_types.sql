-- Currencies of the organisation, one row a currency, whoever loads Salesforce.
{{ salesforce_rows('currency_types') }}
