-- Contacts as Repline loads them. Two properties say which contacts a contact was merged from: the newer one
-- holds ids, the older one ids with the moment of the merge.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with contacts as (
    select * from {{ source('hubspot', 'hubspot__contacts') }}
),

archived_records as (
    select * from {{ source('hubspot', 'hubspot__archived_records') }}
    where object_type = 'contacts' and not _is_gone
)

select
    contacts.*,
    concat_ws(
        ';',
        contacts.hs_merged_object_ids,
        {{ replace_matches('contacts.hs_calculated_merged_vids', ':[0-9]+', '') }}
    ) as merged_ids,
    cast(contacts.lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from contacts
left join archived_records
    on contacts.id = archived_records.id
