-- Calls by rep and local day. The only pass over the calls in a build: everything else that counts calls
-- starts from here.
with calls as (
    select * from {{ ref('int_calls') }}
)

select
    user_id,
    call_on,
    count(*) as calls_count,
    count(*) filter (where direction = 'outbound') as outbound_calls,
    count(*) filter (where direction = 'outbound' and is_connected) as connected_calls,
    coalesce(sum(duration_seconds) filter (where is_connected and not is_suspect), 0) as talk_seconds,
    count(*) filter (where is_suspect) as suspect_calls
from calls
group by user_id, call_on
