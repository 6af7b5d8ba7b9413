-- How open pipeline went from the start of each month to its end.
-- sums: kpi_pipeline_waterfall by month
-- page: company
select
    month,
    sum(opening) as opening,
    sum(created) as created,
    sum(reopened) as reopened,
    sum(increased) as increased,
    sum(decreased) as decreased,
    sum(transferred_in) as transferred_in,
    sum(transferred_out) as transferred_out,
    sum(won) as won,
    sum(lost) as lost,
    sum(closing) as closing
from marts.kpi_pipeline_waterfall
where month between $month - interval 5 months and $month
group by all
order by month
