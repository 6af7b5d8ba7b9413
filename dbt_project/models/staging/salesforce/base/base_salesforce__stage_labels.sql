-- The label of a stage by the name that records have for it, which is its name in the API. Of stages that
-- share a name the one that is in use stands.
with opportunity_stages as (
    select * from {{ ref('base_salesforce__opportunity_stages') }}
)

select
    coalesce(api_name, master_label) as stage_name,
    master_label as stage
from opportunity_stages
where master_label is not null
qualify row_number() over (
    partition by coalesce(api_name, master_label)
    order by
        is_deleted,
        not coalesce(try_cast(is_active as boolean), true),
        try_cast(sort_order as bigint) nulls last,
        id
) = 1
