-- Calls that are no rep's telephone call with a customer, with the reason. One row per call.
select
    call_id,
    left_out_because as reason,
    started as started_at
from {{ ref('base_gong__calls') }}
where left_out_because is not null
