-- Calls of telephone systems that are no rep's call with a customer, so that no other model counts them, with
-- the reason. One row per call.
{% set selections = [] %}
{% for source in sources_of('calls') if known_sources()[source].has_left_out_calls %}
{% set selection %}
select
    call_id,
    reason,
    started_at
from {{ ref('stg_' ~ source ~ '__left_out_calls') }}
{% endset %}
{% do selections.append(selection) %}
{% endfor %}
{{ selections | join('union all\n') }}
{% if not selections %}
select
    cast(null as string) as call_id,
    cast(null as string) as reason,
    cast(null as timestamp) as started_at
where false
{% endif %}
