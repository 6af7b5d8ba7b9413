-- What was said in calls, one row a call and turn in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'call_turns', source('raw', 'landing__call_turns')) }}
