-- What the landing contract and the KPI rules count as a warning: one row per rule and entity, also where
-- nothing was found. A warning never stops a build. Each subject has a model of its own; only the list of
-- them is here.
{% set subjects = ['landing', 'pipeline', 'activity', 'performance'] %}

with warnings as (
    {% for subject in subjects %}
    select * from {{ ref('int_' ~ subject ~ '_warnings') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    rule,
    entity,
    description,
    cast(row_count as bigint) as row_count
from warnings
