-- Which lead a contact stands for, and when: of several the one that was made last, and before the first that one. One
-- row per contact and lead; a contact without a lead has none.
with leads as (
    select * from {{ ref('base_hubspot__leads') }}
    where not is_archived
),

lead_parties as (
    select * from {{ ref('base_hubspot__lead_parties') }}
),

of_contacts as (
    select
        lead_parties.*,
        {{ hubspot_moment('leads.hs_createdate') }} as created_at
    from leads
    inner join lead_parties
        on leads.id = lead_parties.id
)

select
    contact_id,
    lead_key,
    case
        when row_number() over of_contact = 1 then timestamp '1900-01-01 00:00:00'
        else created_at
    end as from_at,
    coalesce(lead(created_at) over of_contact, timestamp '9999-12-31 00:00:00') as until_at
from of_contacts
where contact_id is not null and created_at is not null
window of_contact as (partition by contact_id order by created_at, id)
