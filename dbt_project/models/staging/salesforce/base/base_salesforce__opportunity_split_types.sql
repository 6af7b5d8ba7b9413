-- What splits divide, one row per type, whoever loads Salesforce.
{{ salesforce_rows('opportunity_split_types') }}
