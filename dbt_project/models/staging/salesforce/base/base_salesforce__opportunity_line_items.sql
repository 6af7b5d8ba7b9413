-- Products of opportunities, one row a line, whoever loads Salesforce.
{{ salesforce_rows('opportunity_line_items') }}
