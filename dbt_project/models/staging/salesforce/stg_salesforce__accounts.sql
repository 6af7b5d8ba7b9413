-- Accounts, one row each as Salesforce last said. There is no standard field for a segment.
with accounts as (
    select * from {{ ref('base_salesforce__accounts') }}
)

select
    {{ source_id('salesforce', 'accounts.id') }} as account_id,
    {{ source_id('salesforce', 'accounts.owner_id') }} as owner_id,
    accounts.name,
    accounts.industry,
    cast(null as string) as segment,
    accounts.billing_country as country,
    {{ unreadable({
        'created_at': ['accounts.created_date', salesforce_moment('accounts.created_date')],
        'updated_at': ['accounts.last_modified_date', salesforce_moment('accounts.last_modified_date')],
    }) }} as unreadable,
    accounts.is_deleted,
    {{ salesforce_moment('accounts.created_date') }} as created_at,
    {% for column, name in landed_pass_through('accounts', ref('base_salesforce__accounts')) %}
    accounts.{{ column }} as {{ name }},
    {% endfor %}
    {{ salesforce_moment('accounts.last_modified_date') }} as updated_at
from accounts
