-- Products, one row per product, whoever loads Salesforce.
{{ salesforce_rows('products') }}
