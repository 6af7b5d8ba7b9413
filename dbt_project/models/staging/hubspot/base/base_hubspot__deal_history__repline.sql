-- Changes of deals' properties as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with deal_history as (
    select * from {{ source('hubspot', 'hubspot__deal_history') }}
)

select
    deal_history.deal_id,
    deal_history.property,
    deal_history.changed_at,
    deal_history.value,
    deal_history.updated_by_user_id
from deal_history
