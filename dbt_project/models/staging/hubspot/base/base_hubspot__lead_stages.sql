-- Stages of the leads' pipelines, one row per stage. Other tools do not land them. Two pipelines can have a stage of
-- one id, as those of HubSpot's own making do, and of one label then.
{% if landed_by('hubspot') == 'repline' %}
with lead_stages as (
    select * from {{ source('hubspot', 'hubspot__lead_stages') }}
)

select
    id,
    {{ first_by('label', '(_is_gone, pipeline_id)') }} as label
from lead_stages
group by id
{% else %}
{{ hubspot_without_rows('lead_stages') }}
{% endif %}
