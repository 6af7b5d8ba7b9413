-- The product of an opportunity, one row per opportunity that has any: of several the one whose lines have the
-- greatest total price together, of equal ones the first by name.
with opportunity_line_items as (
    select * from {{ ref('base_salesforce__opportunity_line_items') }}
    where not is_deleted
),

products as (
    select * from {{ ref('base_salesforce__products') }}
),

amounts as (
    select
        opportunity_line_items.opportunity_id,
        -- A product that is not shown has its code in the line.
        coalesce(products.name, opportunity_line_items.product_code) as product,
        sum(coalesce(try_cast(opportunity_line_items.total_price as decimal(18, 4)), 0)) as amount
    from opportunity_line_items
    left join products
        on opportunity_line_items.product2_id = products.id
    group by all
)

select
    opportunity_id,
    product
from amounts
where product is not null
qualify row_number() over (partition by opportunity_id order by amount desc, product asc) = 1
