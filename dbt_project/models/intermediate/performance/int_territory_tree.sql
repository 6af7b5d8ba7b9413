-- Every territory and each that it lies in, itself first. The links of a circle do not count, those into it do.
with recursive links as (
    select * from {{ ref('int_territory_links') }}
    where not is_in_cycle
),

recorded as (
    select * from {{ ref('int_territories_unioned') }}
    where not is_deleted
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

names as (
    select territory from recorded
    union
    -- A parent with no row of its own is a territory too.
    select nullif(parent, '') as territory from recorded
    union
    select territory from versions
),

tree as (
    select
        territory,
        territory as area
    from names
    where territory is not null
    union all
    select
        tree.territory,
        links.parent as area
    from tree
    inner join links
        on tree.area = links.territory
)

select
    territory,
    area
from tree
