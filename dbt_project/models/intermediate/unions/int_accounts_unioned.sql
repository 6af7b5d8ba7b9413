-- Customer companies of all sources.
{{ unioned('accounts', people=['owner_id']) }}
