-- Stages of the sales pipelines of all sources; a pipeline belongs to one source.
{{ config(materialized=union_materialization('pipeline_stages')) }}

{{ unioned('pipeline_stages') }}
