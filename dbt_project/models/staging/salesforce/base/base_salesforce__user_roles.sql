-- Roles of users, one row a role, whoever loads Salesforce.
{{ salesforce_rows('user_roles') }}
