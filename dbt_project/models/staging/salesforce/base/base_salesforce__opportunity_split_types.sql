-- What splits divide, one row a type, whoever loads Salesforce.
{{ salesforce_rows('opportunity_split_types') }}
