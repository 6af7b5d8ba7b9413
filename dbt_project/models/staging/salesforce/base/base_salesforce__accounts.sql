-- Accounts, one row an account, whoever loads Salesforce.
{{ salesforce_rows('accounts') }}
