-- Telephone calls of all sources.
{{ config(materialized=union_materialization('calls')) }}

{{ unioned('calls', people=['user_id']) }}
