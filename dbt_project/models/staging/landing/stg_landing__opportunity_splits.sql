-- Shares of opportunities, one row an opportunity and user in the newest version; deleted ones are kept and
-- marked.
{{ contract_staging('landing', 'opportunity_splits', source('raw', 'landing__opportunity_splits')) }}
