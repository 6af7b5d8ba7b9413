-- Changes of opportunities, one row a change, with the values after it.
{{ contract_staging('landing', 'opportunity_history', source('raw', 'landing__opportunity_history')) }}
