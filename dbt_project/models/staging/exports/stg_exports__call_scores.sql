-- Scores of calls, one row a call, reviewer and criterion in the newest version; deleted ones are kept and
-- marked.
{{ contract_staging('exports', 'call_scores', source('exports', 'exports__call_scores')) }}
