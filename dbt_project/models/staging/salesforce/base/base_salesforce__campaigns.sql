-- Campaigns, one row per campaign, whoever loads Salesforce.
{{ salesforce_rows('campaigns') }}
