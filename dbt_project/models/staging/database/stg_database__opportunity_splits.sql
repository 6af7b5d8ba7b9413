-- Shares of opportunities, one row an opportunity and user in the newest version; deleted ones are kept and
-- marked.
{{ contract_staging('database', 'opportunity_splits', source('database', 'database__opportunity_splits')) }}
