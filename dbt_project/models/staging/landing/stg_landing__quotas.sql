-- Quotas, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'quotas', source('raw', 'landing__quotas')) }}
