-- What: the calls counted by rep and day are all that were landed, less the deleted and those after the
-- as-of.
-- Why: fct_call is a view on ten million rows, whose keys the landing holds; what can go wrong is the join
-- that gives each call its local day. Counting is much cheaper than testing the key.
-- A failure means that a call has no local day or two.
with calls as (
    select * from {{ ref('int_calls_unioned') }}
),

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

landed as (
    select count(*) as calls_count
    from calls
    where
        not is_deleted
        and started_at <= {{ as_of() }}
),

counted as (
    select coalesce(sum(calls_count), 0) as calls_count from calls_daily
)

select
    landed.calls_count as landed_count,
    counted.calls_count as counted_count
from landed
cross join counted
where landed.calls_count <> counted.calls_count
