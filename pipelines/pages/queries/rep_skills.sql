-- How each rep's calls were scored in the newest quarter with reviews.
-- figures: kpi_skill by user_id, criterion, quarter_start
-- page: rep by user_id
select user_id, criterion, quarter_start, mean_score, review_count, peer_mean_score
from marts.kpi_skill
qualify quarter_start = max(quarter_start) over (partition by user_id)
order by user_id, criterion
