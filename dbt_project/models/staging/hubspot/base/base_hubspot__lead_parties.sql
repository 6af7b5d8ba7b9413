-- Whom a lead is about: its primary contact, else the one that is longest in HubSpot, and its company. Records that
-- were merged away count as the one that they stand for now. One row per lead.
with leads as (
    select * from {{ ref('base_hubspot__leads') }}
),

connections as (
    select * from {{ ref('base_hubspot__connections') }}
    where from_object = 'leads'
),

merged_contacts as (
    select * from {{ ref('base_hubspot__merged_records') }}
    where object_type = 'contacts'
)

select
    leads.id,
    -- Ids of leads and of contacts can be the same.
    'lead-' || leads.id as lead_key,
    connections.company_id,
    coalesce(merged_contacts.into_id, nullif(leads.hs_primary_contact_id, ''), connections.contact_id) as contact_id
from leads
left join connections
    on leads.id = connections.id
left join merged_contacts
    on leads.hs_primary_contact_id = merged_contacts.id
