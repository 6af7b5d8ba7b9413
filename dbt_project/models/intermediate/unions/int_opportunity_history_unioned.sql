-- Changes of opportunities of all sources.
{{ config(materialized=union_materialization('opportunity_history')) }}

{{ unioned('opportunity_history', people=['owner_id', 'changed_by']) }}
