-- Customers and the months at whose end they were active; the month of the as-of day ends with it. What is paid for
-- days of service makes active while it is served, what is not makes active for some time.
{% set kept_days = var('churn_days') %}

with invoices as (
    select * from {{ ref('int_invoices_unioned') }}
    where
        not is_deleted
        and amount > 0
        and invoiced_on <= {{ as_of_day() }}
),

spans as (
    select
        account_id,
        coalesce(service_start, invoiced_on) as first_day,
        least(coalesce(service_end, cast(invoiced_on + {{ kept_days - 1 }} as date)), {{ as_of_day() }}) as last_day,
        service_start is not null as has_service
    from invoices
),

months as (
    select
        account_id,
        first_day,
        last_day,
        has_service,
        {{ explode_integers(month_index('first_day'), month_index('last_day')) }} as month_index
    from spans
    -- What begins after the as-of day has not begun.
    where first_day <= last_day
)

select distinct
    account_id,
    month_index
from months
where
    has_service
    or last_day >= least({{ month_start('month_index + 1') }} - 1, {{ as_of_day() }})
