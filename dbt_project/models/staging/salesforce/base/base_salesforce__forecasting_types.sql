-- What quotas and forecasts count, one row per type, whoever loads Salesforce.
{{ salesforce_rows('forecasting_types') }}
