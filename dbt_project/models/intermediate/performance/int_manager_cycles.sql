-- Who was, through managers, their own manager, and on which days.
with recursive links as (
    select
        user_id,
        manager_id,
        valid_from,
        valid_to
    from {{ ref('dim_rep_version') }}
    where manager_id is not null
),

-- Up from each user, on the days on which all links hold. Beneath a circle the start never comes back; so an anchor is
-- dropped after 1, 2, 4, 8, ... steps, and who meets it again has seen the whole circle (Brent's algorithm).
walks as (
    select
        user_id,
        manager_id,
        user_id as anchor_id,
        1 as step_count,
        1 as anchored_after,
        valid_from,
        valid_to
    from links
    union all
    select
        walks.user_id,
        links.manager_id,
        case
            when walks.step_count = walks.anchored_after then walks.manager_id else walks.anchor_id
        end as anchor_id,
        walks.step_count + 1 as step_count,
        case
            when walks.step_count = walks.anchored_after then 2 * walks.anchored_after else walks.anchored_after
        end as anchored_after,
        greatest(walks.valid_from, links.valid_from) as valid_from,
        least(walks.valid_to, links.valid_to) as valid_to
    from walks
    inner join links
        on
            walks.manager_id = links.user_id
            and walks.valid_from <= links.valid_to
            and walks.valid_to >= links.valid_from
    where walks.manager_id <> walks.anchor_id
)

select distinct
    user_id,
    valid_from,
    valid_to
from walks
where manager_id = user_id
