-- What the landing contract and the KPI rules count as a warning: one row per rule and entity, also where
-- nothing was found, and one per subject where the rule names what it found. A warning never stops a build. Each theme
-- has a model of its own; only the list of them is here.
{% set counts = ['rule', 'entity', 'description', 'row_count'] %}

with warnings as (
    {{ union_by_name({
        ref('int_landing_warnings'): counts,
        ref('int_pipeline_warnings'): counts,
        ref('int_activity_warnings'): counts,
        ref('int_performance_warnings'): counts,
        ref('int_organisation_warnings'): counts + ['subject'],
        ref('int_territory_warnings'): counts + ['subject'],
        ref('int_goal_warnings'): counts,
        ref('int_forecast_warnings'): counts,
        ref('int_incentives_warnings'): counts + ['subject'],
    }) }}
)

select
    rule,
    entity,
    subject,
    description,
    cast(row_count as bigint) as row_count
from warnings
