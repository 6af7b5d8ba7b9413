-- Customer companies, one row an account in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'accounts', source('raw', 'landing__accounts')) }}
