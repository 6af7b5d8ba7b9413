-- Quotas of forecasts, one row per quota, whoever loads Salesforce.
{{ salesforce_rows('forecasting_quotas') }}
