-- Customers who bought more than they began with, and the day from which on they have: of the second product won, or of
-- the first invoice for an expansion.
with opportunities as (
    select * from {{ ref('fct_opportunity') }}
    where
        status = 'won'
        and account_id is not null
        and product is not null
),

invoices as (
    select * from {{ ref('int_invoices_unioned') }}
    where
        not is_deleted
        and kind = 'expansion'
        and invoiced_on <= {{ as_of_day() }}
),

products as (
    select
        account_id,
        product,
        min(closed_on) as first_won_on
    from opportunities
    group by account_id, product
),

second_products as (
    select
        account_id,
        first_won_on as cross_sold_on
    from products
    qualify row_number() over (partition by account_id order by first_won_on, product) = 2
),

events as (
    select
        account_id,
        cross_sold_on
    from second_products
    union all
    select
        account_id,
        invoiced_on as cross_sold_on
    from invoices
)

select
    account_id,
    min(cross_sold_on) as cross_sold_on
from events
group by account_id
