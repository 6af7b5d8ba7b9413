-- Deals as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with deals as (
    select * from {{ source('hubspot', 'hubspot__deals') }}
),

archived_records as (
    select * from {{ source('hubspot', 'hubspot__archived_records') }}
    where object_type = 'deals' and not _is_gone
)

select
    deals.*,
    deals.hs_merged_object_ids as merged_ids,
    cast(deals.hs_lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from deals
left join archived_records
    on deals.id = archived_records.id
