-- Users in territories, one row per user and territory, whoever loads Salesforce.
{{ salesforce_rows('user_territories') }}
