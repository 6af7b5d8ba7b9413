-- What: candidates and hires of the recruiting table are those that were landed, less deleted and later ones, and its
-- spend is what was spent on recruiting, to the cent.
-- Why: candidates and spend meet by source, team and quarter, and spend may find no team.
-- A failure means that a candidate or an amount was lost or doubled where they meet.
with recruiting as (
    select
        coalesce(sum(applied_count), 0) as applied_count,
        coalesce(sum(hired_count), 0) as hired_count,
        coalesce(sum(spend_amount), 0) as spend_amount
    from {{ ref('kpi_recruiting') }}
),

candidates as (
    select
        count(*) as applied_count,
        count(*) filter (where hired_at <= {{ as_of() }}) as hired_count
    from {{ ref('int_candidates_unioned') }}
    where
        not is_deleted
        and applied_at <= {{ as_of() }}
),

spend as (
    select coalesce(sum(spend_amount), 0) as spend_amount
    from {{ ref('int_spend') }}
    where category = 'recruiting'
)

select
    recruiting.*,
    candidates.applied_count as landed_applied_count,
    candidates.hired_count as landed_hired_count,
    spend.spend_amount as landed_spend_amount
from recruiting
cross join candidates
cross join spend
where
    recruiting.applied_count <> candidates.applied_count
    or recruiting.hired_count <> candidates.hired_count
    or recruiting.spend_amount <> spend.spend_amount
