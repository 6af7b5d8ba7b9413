-- What was said in calls, of all sources.
{{ unioned('call_turns') }}
