-- Records that a merge took away, and the record that each stands for now, one row per record that is gone.
-- A record lists the ids that were merged into it; one of them can have been merged from others itself. A chain
-- of more than 50 merges is a circle, which has no end.
with recursive listed as (
    {% for object in ['companies', 'contacts', 'deals'] %}
    select
        '{{ object }}' as object_type,
        id as into_id,
        {{ explode_list("split(merged_ids, ';')") }} as id
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
    select
        *,
        1 as merge_count
    from direct
    union all
    select
        chains.object_type,
        chains.id,
        direct.into_id,
        chains.merge_count + 1 as merge_count
    from chains
    inner join direct
        on
            chains.object_type = direct.object_type
            and chains.into_id = direct.id
    where chains.merge_count < 50
)

select
    chains.object_type,
    chains.id,
    max(chains.into_id) as into_id
from chains
where
    not exists (
        select 1 from direct
        where
            direct.object_type = chains.object_type
            and direct.id = chains.into_id
    )
group by chains.object_type, chains.id
