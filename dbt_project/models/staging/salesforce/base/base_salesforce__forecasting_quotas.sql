-- Quotas of forecasts, one row a quota, whoever loads Salesforce.
{{ salesforce_rows('forecasting_quotas') }}
