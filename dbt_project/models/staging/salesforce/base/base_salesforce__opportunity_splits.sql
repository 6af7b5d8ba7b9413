-- Shares of opportunities by user, one row per share, whoever loads Salesforce.
{{ salesforce_rows('opportunity_splits') }}
