-- What quotas and forecasts count, one row a type, whoever loads Salesforce.
{{ salesforce_rows('forecasting_types') }}
