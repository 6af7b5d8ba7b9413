-- Scores of calls, one row a call, reviewer and criterion in the newest version; deleted ones are kept and
-- marked.
{{ contract_staging('landing', 'call_scores', source('raw', 'landing__call_scores')) }}
