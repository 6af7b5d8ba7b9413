-- Telephone calls, one row a call in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'calls', source('exports', 'exports__calls')) }}
