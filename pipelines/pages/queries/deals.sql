-- The deals behind figures, once for each kind of figure, with the rep and the team that they count for: those of all
-- periods that pages show, and those open now, which stand in the periods of their close date.
-- figures: fct_opportunity by opportunity_id
-- page: rep by user_id
with counted as (
    {counted}
),

shown as (
    select * from counted
    where
        behind = 'open'
        or (
            counted_on between $first_day and $as_of_day
            -- Days before the first event count nowhere.
            and counted_on >= (select min(date_day) from marts.fct_rep_day)
        )
),

lines as (
    select
        shown.behind,
        shown.user_id,
        coalesce(version.team, 'unassigned') as team,
        coalesce(rep.full_name, shown.user_id) as full_name,
        deal.opportunity_id,
        coalesce(deal.name, deal.opportunity_id) as name,
        account.name as account_name,
        deal.stage,
        deal.loss_reason,
        deal.first_state_on,
        deal.close_date,
        deal.closed_on,
        -- Of the amounts, the one of that kind.
        case when shown.behind = 'won' then deal.won_amount end as won_amount,
        case when shown.behind = 'lost' then deal.lost_amount end as lost_amount,
        case when shown.behind = 'created' then deal.created_amount end as created_amount,
        case when shown.behind = 'open' then deal.open_amount end as open_amount,
        deal.cycle_days,
        day.month_start as month,
        day.quarter_start as quarter,
        day.year_start as year
    from shown
    inner join marts.fct_opportunity as deal using (opportunity_id)
    left join marts.dim_account as account using (account_id)
    left join marts.dim_rep_version as version
        on
            shown.user_id = version.user_id
            and shown.counted_on between version.valid_from and version.valid_to
    left join marts.dim_rep as rep on shown.user_id = rep.user_id
    left join marts.dim_date as day
        on day.date_day = case when shown.behind = 'open' then deal.close_date else shown.counted_on end
)

-- A page is known to be the same by `line_hash`, before a line of it is written.
select
    *,
    hash(lines) as line_hash
from lines
order by
    behind,
    coalesce(won_amount, lost_amount, created_amount, open_amount) desc nulls last,
    opportunity_id
