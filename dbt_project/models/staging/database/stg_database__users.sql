-- People of the sales organisation, one row a user in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'users', source('database', 'database__users')) }}
