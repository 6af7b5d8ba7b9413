-- Associations as Repline loads them, one row per pair. Those between deals and activities come from both
-- sides.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with deal_associations as (
    select * from {{ source('hubspot', 'hubspot__deal_associations') }}
),

call_associations as (
    select * from {{ source('hubspot', 'hubspot__call_associations') }}
),

meeting_associations as (
    select * from {{ source('hubspot', 'hubspot__meeting_associations') }}
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
    union all
    select
        'calls' as from_object,
        call_id as from_id,
        to_object,
        ids,
        primary_id
    from call_associations
    where ids <> '[]'
    union all
    select
        'meetings' as from_object,
        meeting_id as from_id,
        to_object,
        ids,
        primary_id
    from meeting_associations
    where ids <> '[]'
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
