-- Changes of opportunities, one row a change, with the values after it.
{{ contract_staging('exports', 'opportunity_history', source('exports', 'exports__opportunity_history')) }}
