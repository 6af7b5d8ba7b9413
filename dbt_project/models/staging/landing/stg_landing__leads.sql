-- Leads, one row a lead in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'leads', source('raw', 'landing__leads')) }}
