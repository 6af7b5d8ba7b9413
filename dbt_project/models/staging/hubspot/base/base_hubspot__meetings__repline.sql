-- Meetings as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with meetings as (
    select * from {{ source('hubspot', 'hubspot__meetings') }}
),

archived_records as (
    select * from {{ source('hubspot', 'hubspot__archived_records') }}
    where object_type = 'meetings' and not _is_gone
)

select
    meetings.*,
    cast(meetings.hs_lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from meetings
left join archived_records
    on meetings.id = archived_records.id
