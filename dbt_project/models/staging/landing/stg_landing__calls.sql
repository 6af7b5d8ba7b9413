-- Telephone calls, one row a call in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'calls', source('raw', 'landing__calls')) }}
