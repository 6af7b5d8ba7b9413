-- Shares of opportunities, one row per opportunity and user.
--
-- Splits of several types can stand side by side; those of one type only divide the amount: Revenue, where none
-- is of it the first by name of the types whose shares have to add up to 100 %. Overlays give credit besides, and
-- a share of 0 % gives none.
with splits as (
    select
        *,
        try_cast(split_percentage as decimal(18, 6)) as percentage
    from {{ ref('base_salesforce__opportunity_splits') }}
),

split_types as (
    select * from {{ ref('base_salesforce__opportunity_split_types') }}
    where try_cast(is_total_validated as boolean)
),

used_types as (
    select distinct split_type_id from splits
    where not is_deleted
),

chosen_type as (
    select split_types.id
    from split_types
    inner join used_types
        on split_types.id = used_types.split_type_id
    qualify row_number() over (
        order by
            split_types.developer_name is distinct from 'Revenue',
            split_types.developer_name nulls last,
            split_types.id
    ) = 1
)

select
    {{ source_id('salesforce', 'splits.opportunity_id') }} as opportunity_id,
    {{ source_id('salesforce', 'splits.split_owner_id') }} as user_id,
    {{ unreadable({
        'share': ['splits.split_percentage', 'splits.percentage'],
        'updated_at': ['splits.last_modified_date', salesforce_moment('splits.last_modified_date')],
    }) }} as unreadable,
    cast(splits.percentage / 100 as decimal(9, 6)) as share,
    splits.is_deleted,
    {{ salesforce_moment('splits.last_modified_date') }} as updated_at
from splits
inner join chosen_type
    on splits.split_type_id = chosen_type.id
where splits.percentage is distinct from 0
-- Who was taken from an opportunity and put back has two splits of it.
qualify row_number() over (
    partition by splits.opportunity_id, splits.split_owner_id
    order by splits.is_deleted, {{ salesforce_moment('splits.last_modified_date') }} desc nulls last, splits.id desc
) = 1
