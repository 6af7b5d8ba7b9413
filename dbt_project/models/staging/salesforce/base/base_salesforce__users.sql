-- Users, one row a user, whoever loads Salesforce.
{{ salesforce_rows('users') }}
