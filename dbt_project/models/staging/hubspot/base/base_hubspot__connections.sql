-- The company, contact and deal of a record: of several the primary one, else the one that is longest in
-- HubSpot. Records that were merged away count as the one that they stand for now. One row per record that has
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
        (
            not associations.is_primary,
            coalesce(try_cast(associations.to_id as bigint), 9223372036854775807),
            associations.to_id
        ) as preference
    from associations
    left join merged_records
        on
            associations.to_object = merged_records.object_type
            and associations.to_id = merged_records.id
)

select
    from_object,
    from_id as id,
    {{ first_by('to_id', 'preference', "to_object = 'companies'") }} as company_id,
    {{ first_by('to_id', 'preference', "to_object = 'contacts'") }} as contact_id,
    {{ first_by('to_id', 'preference', "to_object = 'deals'") }} as deal_id
from resolved
group by from_object, from_id
