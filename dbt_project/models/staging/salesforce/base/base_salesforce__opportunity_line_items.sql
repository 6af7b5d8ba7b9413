-- Products of opportunities, one row per line, whoever loads Salesforce.
{{ salesforce_rows('opportunity_line_items') }}
