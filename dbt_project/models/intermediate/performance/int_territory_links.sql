-- Which territory lies in which other one, as recorded. A territory has one parent, so that a circle has no way out:
-- what comes back to itself is in one.
with recursive territories as (
    select * from {{ ref('int_territories_unioned') }}
),

links as (
    select
        territory,
        parent,
        count(*) over () as link_count
    from territories
    where
        not is_deleted
        and nullif(parent, '') is not null
),

-- Beneath a circle the start never comes back: no walk is longer than there are links.
walks as (
    select
        territory,
        parent as reached,
        1 as step_count,
        link_count
    from links
    union all
    select
        walks.territory,
        links.parent as reached,
        walks.step_count + 1 as step_count,
        walks.link_count
    from walks
    inner join links
        on walks.reached = links.territory
    where
        walks.reached <> walks.territory
        and walks.step_count < walks.link_count
)

select
    territory,
    {{ any_by('reached', 'step_count = 1') }} as parent,
    bool_or(reached = territory) as is_in_cycle
from walks
group by territory
