-- Users, one row per user, whoever loads Salesforce.
{{ salesforce_rows('users') }}
