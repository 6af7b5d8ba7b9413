-- Opportunities, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('exports', 'opportunities', source('exports', 'exports__opportunities')) }}
