-- Exchange rates to the base currency, one row a currency and day on which one was fixed.
{{ contract_staging('exports', 'exchange_rates', source('exports', 'exports__exchange_rates')) }}
