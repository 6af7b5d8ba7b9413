-- Owners as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with owners as (
    select * from {{ source('hubspot', 'hubspot__owners') }}
)

select
    owners.id,
    owners.user_id,
    owners.email,
    owners.first_name,
    owners.last_name,
    ({{ first_flagged(
        json_list('owners.teams', {'name': 'string', 'primary': 'boolean'}), 'primary'
    ) }}).name as team,
    coalesce(owners.archived = 'true', false) or owners._is_gone as is_archived,
    owners.updated_at as modified_at
from owners
