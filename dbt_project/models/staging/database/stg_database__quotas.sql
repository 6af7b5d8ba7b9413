-- Quotas, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'quotas', source('database', 'database__quotas')) }}
