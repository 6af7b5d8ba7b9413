-- Opportunities, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'opportunities', source('database', 'database__opportunities')) }}
