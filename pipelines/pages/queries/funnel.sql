-- What became of the deals that reached each stage in the newest month with a bottleneck, or without one in the newest.
-- figures: kpi_stage_funnel by pipeline, stage, cohort_month
-- page: company
with shown as (
    select max_by(cohort_month, (is_bottleneck, cohort_month)) as cohort_month from marts.kpi_stage_funnel
)

select funnel.*
from marts.kpi_stage_funnel as funnel
inner join shown using (cohort_month)
order by pipeline, stage_position
