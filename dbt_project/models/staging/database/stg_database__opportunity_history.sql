-- Changes of opportunities, one row a change, with the values after it.
{{ contract_staging('database', 'opportunity_history', source('database', 'database__opportunity_history')) }}
