-- Stages of opportunities, one row a stage, whoever loads Salesforce.
{{ salesforce_rows('opportunity_stages') }}
