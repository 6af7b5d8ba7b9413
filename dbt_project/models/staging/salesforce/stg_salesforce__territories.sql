-- Territories of the active model, one row per territory.
with territories as (
    select * from {{ ref('base_salesforce__active_territories') }}
)

select
    territories.territory,
    territories.name,
    parents.territory as parent,
    cast(null as string) as region,
    {{ unreadable({
        'updated_at': ['territories.last_modified_date', salesforce_moment('territories.last_modified_date')],
    }) }} as unreadable,
    territories.is_deleted,
    {{ salesforce_moment('territories.last_modified_date') }} as updated_at
from territories
left join territories as parents
    on
        territories.parent_id = parents.id
        and not parents.is_deleted
