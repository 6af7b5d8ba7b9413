-- Contacts as leads. A contact is converted by the first deal that it is connected to and that is not older
-- than the contact: who is added to a deal later was no lead of it.
with contacts as (
    select * from {{ hubspot_base('contacts') }}
),

deals as (
    select * from {{ hubspot_base('deals') }}
),

associations as (
    select * from {{ hubspot_base('associations') }}
    where from_object = 'deals' and to_object = 'contacts'
),

merged_records as (
    select * from {{ ref('base_hubspot__merged_records') }}
),

contacts_of_deals as (
    select distinct
        coalesce(merged_deals.into_id, associations.from_id) as deal_id,
        coalesce(merged_contacts.into_id, associations.to_id) as contact_id
    from associations
    left join merged_records as merged_deals
        on
            associations.from_id = merged_deals.id
            and merged_deals.object_type = 'deals'
    left join merged_records as merged_contacts
        on
            associations.to_id = merged_contacts.id
            and merged_contacts.object_type = 'contacts'
),

conversions as (
    select
        contacts.id,
        {{ first_by('deals.id', '(deals.createdate, deals.id)') }} as deal_id,
        min(deals.createdate) as converted_at
    from contacts
    inner join contacts_of_deals
        on contacts.id = contacts_of_deals.contact_id
    inner join deals
        on contacts_of_deals.deal_id = deals.id
    where {{ hubspot_moment('deals.createdate') }} >= {{ hubspot_moment('contacts.createdate') }}
    group by contacts.id
),

merged_contacts as (
    select * from merged_records
    where object_type = 'contacts'
),

merged_companies as (
    select * from merged_records
    where object_type = 'companies'
)

select
    {{ source_id('hubspot', 'contacts.id') }} as lead_id,
    {{ source_id('hubspot', "nullif(contacts.hubspot_owner_id, '')") }} as owner_id,
    {{ source_id('hubspot', "nullif(coalesce(merged_companies.into_id, contacts.associatedcompanyid), '')") }}
        as account_id,
    {{ source_id('hubspot', 'conversions.deal_id') }} as opportunity_id,
    contacts.hs_analytics_source as source,
    coalesce(nullif(contacts.hs_lead_status, ''), nullif(contacts.lifecyclestage, '')) as status,
    {{ unreadable({
        'created_at': ['contacts.createdate', hubspot_moment('contacts.createdate')],
        'updated_at': ['contacts.modified_at', hubspot_moment('contacts.modified_at')],
    }) }} as unreadable,
    contacts.is_archived or merged_contacts.id is not null as is_deleted,
    {{ hubspot_moment('contacts.createdate') }} as created_at,
    {{ hubspot_moment('conversions.converted_at') }} as converted_at,
    {{ hubspot_moment('contacts.modified_at') }} as updated_at
from contacts
left join conversions
    on contacts.id = conversions.id
left join merged_contacts
    on contacts.id = merged_contacts.id
left join merged_companies
    on contacts.associatedcompanyid = merged_companies.id
