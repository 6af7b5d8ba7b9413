-- What each rep does best and where there is most to gain, in the newest month with a digest.
-- figures: kpi_rep_digest by user_id, month, position
-- page: rep by user_id
select user_id, month, position, kpi, value, peer_median, change, sentence
from marts.kpi_rep_digest
where month = (select max(month) from marts.kpi_rep_digest)
order by user_id, position desc
