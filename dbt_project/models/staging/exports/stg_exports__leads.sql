-- Leads, one row a lead in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'leads', source('exports', 'exports__leads')) }}
