-- Who was above whom, at any depth, and on which days. Within a circle of managers nobody is above anybody; whoever is
-- beneath a member of it stays there.
with recursive versions as (
    select * from {{ ref('dim_rep_version') }}
    where manager_id is not null
),

cycles as (
    select * from {{ ref('int_manager_cycles') }}
),

stretches as (
    {{ stretches_of_days('versions', 'cycles') }}
),

links as (
    select
        versions.user_id,
        versions.manager_id,
        stretches.valid_from,
        least(stretches.valid_to, versions.valid_to) as valid_to
    from stretches
    inner join versions
        on
            stretches.user_id = versions.user_id
            and stretches.valid_from between versions.valid_from and versions.valid_to
    left join cycles
        on
            stretches.user_id = cycles.user_id
            and stretches.valid_from between cycles.valid_from and cycles.valid_to
    where cycles.user_id is null
),

chains as (
    select
        user_id,
        manager_id,
        valid_from,
        valid_to
    from links
    union all
    select
        chains.user_id,
        links.manager_id,
        greatest(chains.valid_from, links.valid_from) as valid_from,
        least(chains.valid_to, links.valid_to) as valid_to
    from chains
    inner join links
        on
            chains.manager_id = links.user_id
            and chains.valid_from <= links.valid_to
            and chains.valid_to >= links.valid_from
)

select
    user_id,
    manager_id,
    valid_from,
    valid_to
from chains
