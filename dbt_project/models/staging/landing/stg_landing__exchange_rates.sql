-- Exchange rates to the base currency, one row a currency and day on which one was fixed.
{{ contract_staging('landing', 'exchange_rates', source('raw', 'landing__exchange_rates')) }}
