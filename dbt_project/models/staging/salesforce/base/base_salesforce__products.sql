-- Products, one row a product, whoever loads Salesforce.
{{ salesforce_rows('products') }}
