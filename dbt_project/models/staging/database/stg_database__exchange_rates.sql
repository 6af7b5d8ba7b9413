-- Exchange rates to the base currency, one row a currency and day on which one was fixed.
{{ contract_staging('database', 'exchange_rates', source('database', 'database__exchange_rates')) }}
