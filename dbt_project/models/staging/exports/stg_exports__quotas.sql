-- Quotas, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'quotas', source('exports', 'exports__quotas')) }}
