-- Calls that are no rep's call with a customer, with the reason. One row per call.
select
    {{ source_id('aircall', 'id') }} as call_id,
    left_out_because as reason,
    started_at
from {{ ref('base_aircall__calls') }}
where left_out_because is not null
