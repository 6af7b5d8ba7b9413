-- Quotas of all sources.
{{ config(materialized=union_materialization('quotas')) }}

{{ unioned('quotas', people=['user_id']) }}
