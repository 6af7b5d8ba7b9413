-- Meetings, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'meetings', source('raw', 'landing__meetings')) }}
