-- Outcomes of calls as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with call_dispositions as (
    select * from {{ source('hubspot', 'hubspot__call_dispositions') }}
)

select
    call_dispositions.id,
    call_dispositions.label
from call_dispositions
