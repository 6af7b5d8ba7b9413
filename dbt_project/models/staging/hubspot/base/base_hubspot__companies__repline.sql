-- Companies as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with companies as (
    select * from {{ source('hubspot', 'hubspot__companies') }}
),

archived_records as (
    select * from {{ source('hubspot', 'hubspot__archived_records') }}
    where object_type = 'companies' and not _is_gone
)

select
    companies.*,
    companies.hs_merged_object_ids as merged_ids,
    cast(companies.hs_lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from companies
left join archived_records
    on companies.id = archived_records.id
