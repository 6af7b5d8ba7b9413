-- Leads, one row a lead, whoever loads Salesforce.
{{ salesforce_rows('leads') }}
