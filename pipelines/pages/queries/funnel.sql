-- What became of the deals that reached each stage in the newest month with a bottleneck, or without one in the newest.
-- figures: kpi_stage_funnel by pipeline, stage, cohort_month
-- page: company
select * from marts.kpi_stage_funnel
where cohort_month = $funnel_month
order by pipeline, stage_position
