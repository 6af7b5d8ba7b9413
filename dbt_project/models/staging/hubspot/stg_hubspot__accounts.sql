-- Companies as accounts. HubSpot has no segment of its own.
with companies as (
    select * from {{ hubspot_base('companies') }}
),

merged_records as (
    select * from {{ ref('base_hubspot__merged_records') }}
    where object_type = 'companies'
)

select
    {{ source_id('hubspot', 'companies.id') }} as account_id,
    {{ source_id('hubspot', "nullif(companies.hubspot_owner_id, '')") }} as owner_id,
    companies.name,
    companies.industry,
    cast(null as string) as segment,
    companies.country,
    {{ unreadable({
        'created_at': ['companies.createdate', hubspot_moment('companies.createdate')],
        'updated_at': ['companies.modified_at', hubspot_moment('companies.modified_at')],
    }) }} as unreadable,
    companies.is_archived or merged_records.id is not null as is_deleted,
    {{ hubspot_moment('companies.createdate') }} as created_at,
    {% for column, name in landed_pass_through('accounts', hubspot_base('companies')) %}
    companies.{{ column }} as {{ name }},
    {% endfor %}
    {{ hubspot_moment('companies.modified_at') }} as updated_at
from companies
left join merged_records
    on companies.id = merged_records.id
