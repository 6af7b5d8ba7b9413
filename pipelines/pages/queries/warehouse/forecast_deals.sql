-- The deals that the quarter's newest forecast is made of, as they stood at its snapshot.
-- figures: intermediate.int_forecast_states by opportunity_id, snapshot_on
-- page: company
with snapshot as (
    select max(snapshot_on) as snapshot_on from marts.kpi_forecast
    where period_type = 'quarter' and period_start = $quarter
)

select
    state.opportunity_id,
    state.snapshot_on,
    state.category,
    state.owner_id as user_id,
    coalesce(rep.full_name, state.owner_id) as full_name,
    coalesce(deal.name, state.opportunity_id) as name,
    account.name as account_name,
    deal.stage,
    state.counted_on,
    state.amount
from warehouse.intermediate.int_forecast_states as state
inner join snapshot using (snapshot_on)
inner join marts.fct_opportunity as deal using (opportunity_id)
left join marts.dim_account as account using (account_id)
left join marts.dim_rep as rep on state.owner_id = rep.user_id
where
    state.counted_on >= $quarter
    and state.counted_on < $quarter + interval 3 months
    and state.category <> 'omitted'
order by state.amount desc nulls last, state.opportunity_id
