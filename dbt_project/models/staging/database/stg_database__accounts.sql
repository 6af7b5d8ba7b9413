-- Customer companies, one row an account in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'accounts', source('database', 'database__accounts')) }}
