-- Leads of the lead object, and contacts that have none. A lead of either kind is converted by the first deal that it
-- is connected to and that is not older: who is added to a deal later was no lead of it. A deal that no lead is
-- connected to is of the lead that its contact stood for when the deal was made.
with contacts as (
    select * from {{ hubspot_base('contacts') }}
),

leads as (
    select * from {{ ref('base_hubspot__leads') }}
),

lead_stages as (
    select * from {{ ref('base_hubspot__lead_stages') }}
),

contact_leads as (
    select * from {{ ref('base_hubspot__contact_leads') }}
),

deals as (
    select
        id,
        createdate,
        {{ hubspot_moment('createdate') }} as created_at
    from {{ hubspot_base('deals') }}
),

associations as (
    select * from {{ hubspot_base('associations') }}
),

lead_parties as (
    select * from {{ ref('base_hubspot__lead_parties') }}
),

merged_records as (
    select * from {{ ref('base_hubspot__merged_records') }}
),

merged_contacts as (
    select * from merged_records
    where object_type = 'contacts'
),

merged_companies as (
    select * from merged_records
    where object_type = 'companies'
),

merged_deals as (
    select * from merged_records
    where object_type = 'deals'
),

known_leads as (
    select
        lead_parties.lead_key,
        leads.hubspot_owner_id,
        coalesce(lead_parties.company_id, contacts.associatedcompanyid) as company_id,
        coalesce(nullif(leads.hs_lead_source, ''), contacts.hs_analytics_source) as source,
        coalesce(lead_stages.label, nullif(leads.hs_pipeline_stage, ''), nullif(leads.hs_lead_label, '')) as status,
        leads.hs_createdate as createdate,
        leads.modified_at,
        leads.is_archived as is_deleted
    from leads
    inner join lead_parties
        on leads.id = lead_parties.id
    left join contacts
        on lead_parties.contact_id = contacts.id
    left join lead_stages
        on leads.hs_pipeline_stage = lead_stages.id
    union all
    select
        contacts.id as lead_key,
        contacts.hubspot_owner_id,
        contacts.associatedcompanyid as company_id,
        contacts.hs_analytics_source as source,
        coalesce(nullif(contacts.hs_lead_status, ''), nullif(contacts.lifecyclestage, '')) as status,
        contacts.createdate,
        contacts.modified_at,
        contacts.is_archived or merged_contacts.id is not null as is_deleted
    from contacts
    left join merged_contacts
        on contacts.id = merged_contacts.id
    where not exists (
        select 1
        from contact_leads
        where contact_leads.contact_id = contacts.id
    )
),

deals_of_leads as (
    select distinct
        coalesce(merged_deals.into_id, associations.to_id) as deal_id,
        lead_parties.lead_key
    from associations
    inner join lead_parties
        on associations.from_id = lead_parties.id
    left join merged_deals
        on associations.to_id = merged_deals.id
    where associations.from_object = 'leads' and associations.to_object = 'deals'
),

deals_of_contacts as (
    select distinct
        coalesce(merged_deals.into_id, associations.from_id) as deal_id,
        coalesce(merged_contacts.into_id, associations.to_id) as contact_id
    from associations
    left join merged_deals
        on associations.from_id = merged_deals.id
    left join merged_contacts
        on associations.to_id = merged_contacts.id
    where associations.from_object = 'deals' and associations.to_object = 'contacts'
),

pairs as (
    select * from deals_of_leads
    union all
    select
        deals_of_contacts.deal_id,
        coalesce(contact_leads.lead_key, deals_of_contacts.contact_id) as lead_key
    from deals_of_contacts
    inner join deals
        on deals_of_contacts.deal_id = deals.id
    {{ hubspot_join_contact_leads('deals_of_contacts.contact_id', 'deals.created_at') | indent(4) }}
    where not exists (
        select 1
        from deals_of_leads
        where deals_of_leads.deal_id = deals_of_contacts.deal_id
    )
),

conversions as (
    select
        known_leads.lead_key,
        {{ first_by('deals.id', '(deals.createdate, deals.id)') }} as deal_id,
        min(deals.createdate) as converted_at
    from known_leads
    inner join pairs
        on known_leads.lead_key = pairs.lead_key
    inner join deals
        on pairs.deal_id = deals.id
    where deals.created_at >= {{ hubspot_moment('known_leads.createdate') }}
    group by known_leads.lead_key
)

select
    {{ source_id('hubspot', 'known_leads.lead_key') }} as lead_id,
    {{ source_id('hubspot', "nullif(known_leads.hubspot_owner_id, '')") }} as owner_id,
    {{ source_id('hubspot', "nullif(coalesce(merged_companies.into_id, known_leads.company_id), '')") }}
        as account_id,
    {{ source_id('hubspot', 'conversions.deal_id') }} as opportunity_id,
    known_leads.source,
    known_leads.status,
    {{ unreadable({
        'created_at': ['known_leads.createdate', hubspot_moment('known_leads.createdate')],
        'updated_at': ['known_leads.modified_at', hubspot_moment('known_leads.modified_at')],
    }) }} as unreadable,
    known_leads.is_deleted,
    {{ hubspot_moment('known_leads.createdate') }} as created_at,
    {{ hubspot_moment('conversions.converted_at') }} as converted_at,
    {{ hubspot_moment('known_leads.modified_at') }} as updated_at
from known_leads
left join conversions
    on known_leads.lead_key = conversions.lead_key
left join merged_companies
    on known_leads.company_id = merged_companies.id
