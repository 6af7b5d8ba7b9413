-- Calls as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with calls as (
    select * from {{ source('hubspot', 'hubspot__calls') }}
),

archived_records as (
    select * from {{ source('hubspot', 'hubspot__archived_records') }}
    where object_type = 'calls' and not _is_gone
)

select
    calls.*,
    cast(calls.hs_lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from calls
left join archived_records
    on calls.id = archived_records.id
