-- Scores of calls, one row a call, reviewer and criterion in the newest version; deleted ones are kept and
-- marked.
{{ contract_staging('database', 'call_scores', source('database', 'database__call_scores')) }}
