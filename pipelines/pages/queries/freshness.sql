-- How old the data of each dataset are, at the as-of moment.
-- figures: dataset_freshness by dataset
-- page: data
select
    dataset, last_event_at, last_load_at, limit_hours,
    date_diff('second', last_event_at, (select max(as_of) from marts.publication)) / 3600 as age_hours
from marts.dataset_freshness
