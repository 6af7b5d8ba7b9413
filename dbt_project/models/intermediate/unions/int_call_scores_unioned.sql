-- Scores that reviewers gave calls, of all sources.
{{ unioned('call_scores', people=['reviewer_id']) }}
