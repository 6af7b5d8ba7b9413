-- Leads of all sources.
{{ unioned('leads', people=['owner_id']) }}
