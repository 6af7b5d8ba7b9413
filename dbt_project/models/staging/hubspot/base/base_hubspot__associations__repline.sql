-- Associations as Repline loads them, one row per pair. Those between deals and activities come from both
-- sides.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with deal_associations as (
    select * from {{ source('hubspot', 'hubspot__deal_associations') }}
),

lead_associations as (
    select * from {{ source('hubspot', 'hubspot__lead_associations') }}
),

call_associations as (
    select * from {{ source('hubspot', 'hubspot__call_associations') }}
),

meeting_associations as (
    select * from {{ source('hubspot', 'hubspot__meeting_associations') }}
),

email_associations as (
    select * from {{ source('hubspot', 'hubspot__email_associations') }}
),

communication_associations as (
    select * from {{ source('hubspot', 'hubspot__communication_associations') }}
),

task_associations as (
    select * from {{ source('hubspot', 'hubspot__task_associations') }}
),

lists as (
    select
        'deals' as from_object,
        deal_id as from_id,
        to_object,
        ids,
        primary_id
    from deal_associations
    where ids <> '[]'
    {% for singular in ['lead', 'call', 'meeting', 'email', 'communication', 'task'] %}
    union all
    select
        '{{ singular }}s' as from_object,
        {{ singular }}_id as from_id,
        to_object,
        ids,
        primary_id
    from {{ singular }}_associations
    where ids <> '[]'
    {% endfor %}
),

pairs as (
    select
        from_object,
        from_id,
        to_object,
        {{ explode_list(json_list('ids', 'string')) }} as to_id,
        primary_id
    from lists
)

select
    from_object,
    from_id,
    to_object,
    to_id,
    coalesce(to_id = primary_id, false) as is_primary
from pairs
where not (from_object = 'deals' and to_object in ('calls', 'meetings'))
union
select
    to_object as from_object,
    to_id as from_id,
    from_object as to_object,
    from_id as to_id,
    false as is_primary
from pairs
where from_object = 'deals' and to_object in ('calls', 'meetings')
