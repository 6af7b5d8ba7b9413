-- Rows of the judged sources that no model uses, because a value cannot be read or the landing contract
-- forbids it, with the reason. Rows of files have theirs in raw.quarantine.
{{ config(materialized=view_for_readers()) }}
{% set selections = [] %}
{% for entity, contract in landing_contract().items() %}
{% for source in judged_sources_of(entity) %}
{% set selection %}
select
    '{{ source }}' as source,
    '{{ entity }}' as entity,
    concat_ws(', ', {{ contract.key | join(', ') }}) as record_id,
    rejection.column_name,
    rejection.value,
    rejection.reason
from (
    {{ judged_rows(source, entity) }}
)
where rejection is not null
{% endset %}
{% do selections.append(selection) %}
{% endfor %}
{% endfor %}
{{ config(materialized='table' if selections else 'view') }}

{{ selections | join('union all\n') }}
{% if not selections %}
select
    cast(null as string) as source,
    cast(null as string) as entity,
    cast(null as string) as record_id,
    cast(null as string) as column_name,
    cast(null as string) as value,
    cast(null as string) as reason
where false
{% endif %}
