-- Shares of opportunities by user, of all sources.
{{ unioned('opportunity_splits', people=['user_id']) }}
