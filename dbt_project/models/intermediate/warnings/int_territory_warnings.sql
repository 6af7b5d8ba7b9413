-- Warnings on territories. Each names the territory.
with links as (
    select * from {{ ref('int_territory_links') }}
),

cycle_members as (
    select territory as subject
    from links
    where is_in_cycle
)

{{ named_warnings(
    'territory_cycle', 'territories',
    'Territories that lie, through their parents, in themselves; these parents do not count.',
    'cycle_members'
) }}
