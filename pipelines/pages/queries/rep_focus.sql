-- On what coaching would help each rep most, in the newest quarter that says so.
-- figures: kpi_coaching_focus by user_id, quarter_start
-- page: rep by user_id
select user_id, quarter_start, focus_kind, focus, pipeline, gap, cost_amount, evidence
from marts.kpi_coaching_focus
qualify quarter_start = max(quarter_start) over (partition by user_id)
