-- The shares of opportunities by user, and whether those of an opportunity add up to the whole of it.
with splits as (
    select * from {{ ref('int_opportunity_splits_unioned') }}
    where not is_deleted
)

select
    opportunity_id,
    user_id,
    share,
    abs(sum(share) over (partition by opportunity_id) - 1) <= 0.00001 as adds_up,
    user_id = max(user_id) over (partition by opportunity_id) as is_last
from splits
