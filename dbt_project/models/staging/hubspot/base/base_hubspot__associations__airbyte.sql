-- Associations as Airbyte lands them: lists of ids in the records, which do not say which company is primary.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}
{% set lists = {
    'deals': ['deals', ['companies', 'contacts']],
    'calls': ['engagements_calls', ['deals', 'companies', 'contacts']],
    'meetings': ['engagements_meetings', ['deals', 'companies', 'contacts']],
} %}
{% for object, table in hubspot_activity_tables('airbyte').items() if hubspot_has(source('hubspot_airbyte', table)) %}
{% do lists.update({object: [table, ['deals', 'companies', 'contacts']]}) %}
{% endfor %}
{% set selections = [] %}
{% for from_object, (table, to_objects) in lists.items() %}
{% set relation = source('hubspot_airbyte', table) %}
{% for to_object in to_objects %}
{% set selection %}
select
    '{{ from_object }}' as from_object,
    {{ hubspot_text(relation, ['id']) }} as from_id,
    '{{ to_object }}' as to_object,
    {{ explode_list(json_list(hubspot_text(relation, [to_object]), 'string')) }} as to_id
from {{ relation }}
{% endset %}
{% do selections.append(selection) %}
{% endfor %}
{% endfor %}
with pairs as (
    {{ selections | join('union all') }}
)

select distinct
    from_object,
    from_id,
    to_object,
    to_id,
    false as is_primary
from pairs
