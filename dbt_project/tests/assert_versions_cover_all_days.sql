-- What: the versions of each rep follow each other day by day, from the first day to the last.
-- Why: versions are made of changes; the team of a day is a join on the days between.
-- A failure means that a day of a rep is in no version or in two, so that figures are lost or counted twice.
with versions as (
    select
        *,
        lag(valid_to) over rep_versions as previous_valid_to,
        lead(valid_from) over rep_versions as next_valid_from
    from {{ ref('dim_rep_version') }}
    window rep_versions as (partition by user_id order by valid_from)
)

select
    user_id,
    previous_valid_to,
    valid_from,
    valid_to,
    next_valid_from
from versions
where
    valid_from > valid_to
    or (previous_valid_to is null and valid_from <> {{ beginning_of_time() }})
    or (next_valid_from is null and valid_to <> {{ end_of_time() }})
    or cast(next_valid_from - 1 as date) <> valid_to
