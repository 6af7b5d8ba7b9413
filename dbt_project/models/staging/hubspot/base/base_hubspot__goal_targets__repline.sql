-- Goals as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with goal_targets as (
    select * from {{ source('hubspot', 'hubspot__goal_targets') }}
),

archived_records as (
    select * from {{ source('hubspot', 'hubspot__archived_records') }}
    where object_type = 'goal_targets' and not _is_gone
)

select
    goal_targets.*,
    cast(goal_targets.hs_lastmodifieddate as string) as modified_at,
    archived_records.id is not null as is_archived
from goal_targets
left join archived_records
    on goal_targets.id = archived_records.id
