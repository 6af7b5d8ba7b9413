-- Shares of opportunities, one row an opportunity and user in the newest version; deleted ones are kept and
-- marked.
{{ contract_staging('exports', 'opportunity_splits', source('exports', 'exports__opportunity_splits')) }}
