-- Recorded calls and web conferences, with the ids by which other sources know them, what they are linked to,
-- and why one is no telephone call with a customer. One row per call.
{% set sources = var('sources') %}
{# A telephone system that is on counts its calls itself; Gong then adds to them what was said. #}
{% set telephony = ['aircall', 'twilio'] | select('in', sources) | list %}
{% set crms = ['salesforce', 'hubspot'] | select('in', sources) | list %}
{# Records of a CRM that is no source itself are those of its files or its database, where these are on. #}
{% set copies = ['landing', 'exports', 'database'] | select('in', sources) | list %}
{% set link = {'system': 'string', 'objects': [{'objectType': 'string', 'objectId': 'string'}]} %}
{% set party = {'userId': 'string', 'speakerId': 'string', 'affiliation': 'string', 'context': 'string'} %}
with calls as (
    select * from {{ source('gong', 'gong__calls') }}
),

parties as (
    select
        id,
        {{ explode_list(json_list('parties', party)) }} as party
    from calls
),

company as (
    select
        id,
        bool_and(coalesce(party['affiliation'] = 'Internal', false)) as is_among_colleagues
    from parties
    group by id
),

links as (
    select
        id,
        {{ explode_list(json_list('context', link)) }} as link
    from calls
    union all
    select
        id,
        {{ explode_list(json_list("party['context']", link)) }} as link
    from parties
),

linked_objects as (
    select
        id,
        lower(link['system']) as crm,
        {{ explode_list("link['objects']") }} as linked
    from links
),

linked_records as (
    select
        id,
        lower(linked['objectType']) as record_type,
        coalesce(
            {% for crm in crms %}
            case when crm = '{{ crm }}' then {{ source_id(crm, "linked['objectId']") }} end,
            {% endfor %}
            {% if copies %}
            {{ source_id(copies[0], "linked['objectId']") }},
            {% endif %}
            crm || ':' || linked['objectId']
        ) as record_id
    from linked_objects
),

-- A call has one opportunity, account and lead in the landing contract; of several, always the same is taken.
linked as (
    select
        id,
        min(record_id) filter (where record_type in ('opportunity', 'deal')) as opportunity_id,
        min(record_id) filter (where record_type in ('account', 'company')) as account_id,
        min(record_id) filter (where record_type = 'lead') as lead_id
    from linked_records
    group by id
),

identified as (
    select
        calls.*,
        coalesce(
            {% for system in telephony %}
            case
                when lower(calls.system) = '{{ system }}'
                    then {{ source_id(system, "nullif(calls.client_unique_id, '')") }}
            end,
            {% endfor %}
            {{ source_id('gong', 'calls.id') }}
        ) as call_id,
        linked.opportunity_id,
        linked.account_id,
        linked.lead_id,
        case calls.scope
            when 'Internal' then true
            when 'External' then false
            else coalesce(company.is_among_colleagues, false)
        end as is_internal
    from calls
    left join company
        on calls.id = company.id
    left join linked
        on calls.id = linked.id
)

select
    *,
    case
        when is_internal then 'internal'
        when direction = 'Conference' then 'web_conference'
        when call_id <> {{ source_id('gong', 'id') }} then 'of_another_source'
    end as left_out_because
from identified
