-- What was said in calls, one row a call and turn in the newest version; deleted ones are kept and marked.
{{ contract_staging('database', 'call_turns', source('database', 'database__call_turns')) }}
