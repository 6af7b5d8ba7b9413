-- Who has been invoiced up to the as-of day. Any invoice makes a customer, a credit too.
with invoices as (
    select * from {{ ref('int_invoices_unioned') }}
)

select
    account_id,
    min(invoiced_on) as first_invoice_on,
    max(invoiced_on) as last_invoice_on
from invoices
where
    not is_deleted
    and invoiced_on <= {{ as_of_day() }}
group by account_id
