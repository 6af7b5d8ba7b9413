-- Leads, one row a lead in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'leads', source('database', 'database__leads')) }}
