-- What the rules on data found.
-- sums: data_quality_warnings by rule, entity
-- page: company
select rule, entity, any_value(description) as description, sum(row_count) as row_count
from marts.data_quality_warnings
group by all
having sum(row_count) > 0
order by sum(row_count) desc, rule, entity
