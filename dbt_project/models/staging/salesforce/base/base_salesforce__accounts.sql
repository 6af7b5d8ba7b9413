-- Accounts, one row per account, whoever loads Salesforce.
{{ salesforce_rows('accounts') }}
