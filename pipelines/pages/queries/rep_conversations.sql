-- How each rep's conversations went, in the newest months with some.
-- figures: kpi_conversation by user_id, month
-- page: rep by user_id
select user_id, month, call_count, talk_ratio, longest_monologue_seconds, patience_seconds, switches_per_minute
from marts.kpi_conversation
where month > $month - interval 3 months
order by user_id, month desc
