-- The company, contact and deal of a record: of several the primary one, else the one that is longest in
-- HubSpot. Records that were merged away count as the one that they stand for now. One row a record that has
-- any.
with associations as (
    select * from {{ hubspot_base('associations') }}
),

merged_records as (
    select * from {{ ref('base_hubspot__merged_records') }}
),

resolved as (
    select
        associations.from_object,
        associations.from_id,
        associations.to_object,
        coalesce(merged_records.into_id, associations.to_id) as to_id,
        (not associations.is_primary, try_cast(to_id as bigint), to_id) as preference
    from associations
    left join merged_records
        on
            associations.to_object = merged_records.object_type
            and associations.to_id = merged_records.id
)

select
    from_object,
    from_id as id,
    min_by(to_id, preference) filter (where to_object = 'companies') as company_id,
    min_by(to_id, preference) filter (where to_object = 'contacts') as contact_id,
    min_by(to_id, preference) filter (where to_object = 'deals') as deal_id
from resolved
group by from_object, from_id
