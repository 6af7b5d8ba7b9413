-- How many rows the judged sources gave and how many of them are rejected, one row per source and entity.
{{ config(materialized=view_for_readers()) }}

with rejected_rows as (
    select * from {{ ref('int_rejected_rows') }}
),

row_counts as (
    {% for entity in landing_contract() %}
    {% for source in judged_sources_of(entity) %}
    select
        '{{ source }}' as source,
        '{{ entity }}' as entity,
        count(*) as row_count
    from {{ ref('stg_' ~ source ~ '__' ~ entity) }}
    union all
    {% endfor %}
    {% endfor %}
    select
        cast(null as string) as source,
        cast(null as string) as entity,
        cast(0 as bigint) as row_count
    where false
),

rejected_counts as (
    select
        source,
        entity,
        count(*) as rejected_count
    from rejected_rows
    group by source, entity
)

select
    row_counts.source,
    row_counts.entity,
    row_counts.row_count,
    coalesce(rejected_counts.rejected_count, 0) as rejected_count
from row_counts
left join rejected_counts
    on
        row_counts.source = rejected_counts.source
        and row_counts.entity = rejected_counts.entity
