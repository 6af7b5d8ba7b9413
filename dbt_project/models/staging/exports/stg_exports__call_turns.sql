-- What was said in calls, one row a call and turn in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'call_turns', source('exports', 'exports__call_turns')) }}
