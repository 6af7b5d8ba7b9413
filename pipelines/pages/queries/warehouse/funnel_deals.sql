-- The deals that reached each stage in the month of the funnel, and what became of them.
-- figures: intermediate.int_stage_reaches by opportunity_key, pipeline_key, open_stage_number
-- page: company
select
    reach.opportunity_key,
    reach.pipeline_key,
    reach.open_stage_number,
    stage.pipeline,
    stage.stage,
    case
        when reach.advanced_at is not null then 'advanced_count'
        when reach.is_closed then 'lost_count'
        else 'open_count'
    end as outcome,
    reach.owner_id as user_id,
    coalesce(rep.full_name, reach.owner_id) as full_name,
    coalesce(deal.name, deal.opportunity_id) as name,
    account.name as account_name,
    reach.reached_on,
    reach.advanced_on
from warehouse.intermediate.int_stage_reaches as reach
inner join warehouse.intermediate.int_stages as stage
    on
        reach.pipeline_key = stage.pipeline_key
        and reach.open_stage_number = stage.funnel_rank
        and not stage.is_closed
inner join warehouse.intermediate.int_opportunities as opportunity using (opportunity_key)
inner join marts.fct_opportunity as deal using (opportunity_id)
left join marts.dim_account as account using (account_id)
left join marts.dim_rep as rep on reach.owner_id = rep.user_id
where reach.reached_on >= $funnel_month and reach.reached_on < cast($funnel_month as date) + interval 1 month
order by stage.pipeline, stage.stage_position, reach.reached_on, deal.opportunity_id
