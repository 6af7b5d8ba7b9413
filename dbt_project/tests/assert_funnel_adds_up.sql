-- What: reached = advanced + lost + open, in each row of the funnel.
-- Why: a conversion rate is only honest if each one that reached the stage has one outcome.
-- A failure means that an opportunity has no outcome or more than one.
select *
from {{ ref('kpi_stage_funnel') }}
where reached_count <> advanced_count + lost_count + open_count
