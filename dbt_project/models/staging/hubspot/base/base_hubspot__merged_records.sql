-- Records that a merge took away, and the record that each stands for now, one row a record that is gone.
-- A record lists the ids that were merged into it; one of them can have been merged from others itself.
with recursive listed as (
    {% for object in ['companies', 'contacts', 'deals'] %}
    select
        '{{ object }}' as object_type,
        id as into_id,
        unnest(string_split(merged_ids, ';')) as id
    from {{ hubspot_base(object) }}
    where merged_ids <> ''
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

direct as (
    select distinct
        object_type,
        trim(id) as id,
        into_id
    from listed
    where trim(id) not in ('', into_id)
),

chains as (
    select * from direct
    union
    select
        chains.object_type,
        chains.id,
        direct.into_id
    from chains
    inner join direct
        on
            chains.object_type = direct.object_type
            and chains.into_id = direct.id
)

select
    chains.object_type,
    chains.id,
    max(chains.into_id) as into_id
from chains
anti join direct
    on
        chains.object_type = direct.object_type
        and chains.into_id = direct.id
group by chains.object_type, chains.id
