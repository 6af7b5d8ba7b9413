-- Associations as Fivetran lands them, one row per pair. The type of a deal's primary company is 5.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}
{% set deal_company = source('hubspot_fivetran', 'deal_company') %}
{% set deal_contact = source('hubspot_fivetran', 'deal_contact') %}
select
    'deals' as from_object,
    {{ hubspot_text(deal_company, ['deal_id']) }} as from_id,
    'companies' as to_object,
    {{ hubspot_text(deal_company, ['company_id']) }} as to_id,
    bool_or(coalesce({{ hubspot_text(deal_company, ['type_id']) }} = '5', false)) as is_primary
from {{ deal_company }}
where not ({{ hubspot_flag(deal_company, ['_fivetran_deleted']) }})
group by all
union all
select distinct
    'deals' as from_object,
    {{ hubspot_text(deal_contact, ['deal_id']) }} as from_id,
    'contacts' as to_object,
    {{ hubspot_text(deal_contact, ['contact_id']) }} as to_id,
    false as is_primary
from {{ deal_contact }}
where not ({{ hubspot_flag(deal_contact, ['_fivetran_deleted']) }})
{% set activities = {'calls': 'engagement_call', 'meetings': 'engagement_meeting'} %}
{% for object, table in hubspot_activity_tables('fivetran').items() if hubspot_has(source('hubspot_fivetran', table)) %}
{% do activities.update({object: table}) %}
{% endfor %}
{% for from_object, activity in activities.items() %}
{% for to_object, name in {'deals': 'deal', 'companies': 'company', 'contacts': 'contact'}.items() %}
{% set pairs = source('hubspot_fivetran', 'engagement_' ~ name) %}
union all
select distinct
    '{{ from_object }}' as from_object,
    {{ hubspot_text(pairs, ['engagement_id']) }} as from_id,
    '{{ to_object }}' as to_object,
    {{ hubspot_text(pairs, [name ~ '_id']) }} as to_id,
    false as is_primary
from {{ pairs }}
where
    not ({{ hubspot_flag(pairs, ['_fivetran_deleted']) }})
    and engagement_id in (
        select activities.engagement_id
        from {{ source('hubspot_fivetran', activity) }} as activities
    )
{% endfor %}
{% endfor %}
