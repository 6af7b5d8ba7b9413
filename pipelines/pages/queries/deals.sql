-- The deals behind the figures of the quarter, once for each figure: won, lost, created, open; with the rep and the
-- team that they count for.
-- figures: fct_opportunity by opportunity_id
-- page: rep by user_id
with opportunities as (
    select
        opportunity.*,
        account.name as account_name
    from marts.fct_opportunity as opportunity
    left join marts.dim_account as account using (account_id)
),

counted as (
    select status as behind, closed_owner_id as user_id, closed_on as counted_on, *
    from opportunities
    where status in ('won', 'lost') and closed_on between $quarter and $as_of_day
    union all
    select 'created', created_owner_id, first_state_on, *
    from opportunities
    where first_state_on between $quarter and $as_of_day
    union all
    select 'open', owner_id, $as_of_day, *
    from opportunities
    where status = 'open'
)

select
    counted.behind,
    counted.user_id,
    coalesce(version.team, 'unassigned') as team,
    coalesce(rep.full_name, counted.user_id) as full_name,
    counted.opportunity_id,
    coalesce(counted.name, counted.opportunity_id) as name,
    counted.account_name,
    counted.pipeline,
    counted.stage,
    counted.status,
    counted.loss_reason,
    counted.counted_on,
    counted.first_state_on,
    counted.close_date,
    counted.closed_on,
    counted.won_amount,
    counted.lost_amount,
    counted.created_amount,
    counted.open_amount,
    counted.cycle_days
from counted
left join marts.dim_rep_version as version
    on
        counted.user_id = version.user_id
        and counted.counted_on between version.valid_from and version.valid_to
left join marts.dim_rep as rep on counted.user_id = rep.user_id
order by
    counted.behind,
    case counted.behind
        when 'won' then counted.won_amount
        when 'lost' then counted.lost_amount
        when 'created' then counted.created_amount
        else counted.open_amount
    end desc nulls last,
    counted.opportunity_id
