-- What: the opportunities are all that were landed, less the deleted, those created after the as-of and
-- those that the warnings count as without a state; each is in one stage at the end.
-- Why: joins give each its stage, its days and its states; none may drop or double one.
-- A failure means that figures are built on a part of the opportunities.
with records as (
    select * from {{ ref('int_opportunities_unioned') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

stage_visits as (
    select * from {{ ref('fct_opportunity_stage') }}
),

warnings as (
    select * from {{ ref('data_quality_warnings') }}
),

landed as (
    select count(*) as row_count
    from records
    where
        not is_deleted
        and created_at <= {{ as_of() }}
),

left_out as (
    select sum(row_count) as row_count
    from warnings
    where rule = 'opportunity_without_state'
),

kept as (
    select count(*) as row_count from opportunities
),

last_visits as (
    select count(*) as row_count from stage_visits
    where exited_at is null
)

select
    landed.row_count as landed_count,
    left_out.row_count as left_out_count,
    kept.row_count as kept_count,
    last_visits.row_count as last_visit_count
from landed
cross join left_out
cross join kept
cross join last_visits
where
    landed.row_count <> kept.row_count + left_out.row_count
    or kept.row_count <> last_visits.row_count
