-- Roles of users, one row per role, whoever loads Salesforce.
{{ salesforce_rows('user_roles') }}
