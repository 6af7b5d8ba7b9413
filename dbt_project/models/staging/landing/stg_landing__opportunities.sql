-- Opportunities, one row each in the newest version; deleted ones are kept and marked.
{{ contract_staging('landing', 'opportunities', source('raw', 'landing__opportunities')) }}
