-- Customer companies, one row an account in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'accounts', source('exports', 'exports__accounts')) }}
