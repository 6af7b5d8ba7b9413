-- Meetings, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'meetings', source('database', 'database__meetings')) }}
