-- Shares of opportunities by user, one row a share, whoever loads Salesforce.
{{ salesforce_rows('opportunity_splits') }}
