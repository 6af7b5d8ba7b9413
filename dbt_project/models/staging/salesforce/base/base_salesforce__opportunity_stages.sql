-- Stages of opportunities, one row per stage, whoever loads Salesforce.
{{ salesforce_rows('opportunity_stages') }}
