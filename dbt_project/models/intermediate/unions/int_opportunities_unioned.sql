-- Opportunities of all sources.
{{ config(materialized=union_materialization('opportunities')) }}

{{ unioned('opportunities', people=['owner_id']) }}
