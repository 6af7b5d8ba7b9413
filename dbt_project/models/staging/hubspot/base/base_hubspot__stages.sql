-- Every stage that a deal is or was in, and every stage of the account's pipelines, with the names that
-- reports show. One row per pipeline and stage id.
--
-- A stage that was deleted keeps its last label; one that was deleted before the first load is known by its
-- id and taken for open. Two ids of one label in a pipeline (a stage that was deleted and made again) are one
-- stage.
with pipeline_stages as (
    select * from {{ hubspot_base('pipeline_stages') }}
),

deals as (
    select * from {{ hubspot_base('deals') }}
),

deal_states as (
    select * from {{ ref('base_hubspot__deal_states') }}
),

seen as (
    select
        coalesce(pipeline, 'default') as pipeline_id,
        dealstage as stage_id
    from deals
    where dealstage is not null
    union
    select
        coalesce(pipeline_id, 'default') as pipeline_id,
        stage_id
    from deal_states
    where stage_id is not null
),

pipeline_labels as (
    select
        pipeline_id,
        coalesce({{ last_by('pipeline_label', 'is_live') }}, pipeline_id) as pipeline_label
    from pipeline_stages
    group by pipeline_id
),

label_counts as (
    select
        pipeline_label,
        count(*) as pipeline_count
    from pipeline_labels
    group by pipeline_label
),

pipelines as (
    select
        pipeline_labels.pipeline_id,
        case
            when label_counts.pipeline_count = 1 then pipeline_labels.pipeline_label
            else pipeline_labels.pipeline_label || ' (' || pipeline_labels.pipeline_id || ')'
        end as pipeline
    from pipeline_labels
    inner join label_counts
        on pipeline_labels.pipeline_label = label_counts.pipeline_label
),

known as (
    select
        pipeline_stages.pipeline_id,
        pipeline_stages.stage_id,
        pipeline_stages.stage_label as stage,
        try_cast(pipeline_stages.display_order as bigint) as display_order,
        try_cast(pipeline_stages.probability as decimal(9, 6)) as probability,
        -- HubSpot: probability 0 is lost and 1 is won.
        coalesce(
            try_cast(pipeline_stages.is_closed as boolean),
            try_cast(pipeline_stages.probability as decimal(9, 6)) in (0, 1),
            false
        ) as is_closed,
        pipeline_stages.is_live
    from pipeline_stages
),

all_stages as (
    select * from known
    union all
    select
        seen.pipeline_id,
        seen.stage_id,
        seen.stage_id as stage,
        cast(null as bigint) as display_order,
        cast(null as decimal(9, 6)) as probability,
        false as is_closed,
        false as is_live
    from seen
    where
        not exists (
            select 1 from known
            where
                known.pipeline_id = seen.pipeline_id
                and known.stage_id = seen.stage_id
        )
)

select
    all_stages.pipeline_id,
    all_stages.stage_id,
    coalesce(pipelines.pipeline, all_stages.pipeline_id) as pipeline,
    coalesce(all_stages.stage, all_stages.stage_id) as stage,
    all_stages.display_order,
    all_stages.probability,
    all_stages.is_closed,
    all_stages.is_closed and coalesce(all_stages.probability = 1, false) as is_won,
    all_stages.is_live
from all_stages
left join pipelines
    on all_stages.pipeline_id = pipelines.pipeline_id
