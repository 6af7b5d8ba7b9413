-- Rates of currencies by day of effect, one row per currency and day, whoever loads Salesforce.
{{ salesforce_rows('dated_conversion_rates') }}
