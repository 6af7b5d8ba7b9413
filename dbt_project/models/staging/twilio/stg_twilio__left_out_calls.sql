-- Calls that are no rep's call with a customer, with the reason. One row per call.
select
    {{ source_id('twilio', 'root_sid') }} as call_id,
    left_out_because as reason,
    started_at
from {{ ref('base_twilio__calls') }}
where left_out_because is not null
