-- Meetings of all sources.
{{ unioned('meetings', people=['user_id']) }}
