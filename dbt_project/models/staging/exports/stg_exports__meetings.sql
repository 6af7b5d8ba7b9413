-- Meetings, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'meetings', source('exports', 'exports__meetings')) }}
