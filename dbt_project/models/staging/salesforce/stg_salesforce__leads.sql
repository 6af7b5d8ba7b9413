-- Leads, one row each as Salesforce last said. One that waits in a queue has no owner yet.
with leads as (
    select * from {{ ref('base_salesforce__leads') }}
),

typed as (
    select
        *,
        {{ salesforce_moment('created_date') }} as created_at,
        {{ salesforce_moment('converted_date') }} as converted_day,
        {{ salesforce_moment('last_modified_date') }} as updated_at
    from leads
)

select
    {{ source_id('salesforce', 'id') }} as lead_id,
    {{ salesforce_id_of('005', 'owner_id') }} as owner_id,
    {{ source_id('salesforce', 'converted_account_id') }} as account_id,
    {{ source_id('salesforce', 'converted_opportunity_id') }} as opportunity_id,
    lead_source as source,
    status,
    {{ unreadable({
        'created_at': ['created_date', 'created_at'],
        'converted_at': ['converted_date', 'converted_day'],
        'updated_at': ['last_modified_date', 'updated_at'],
    }) }} as unreadable,
    is_deleted,
    created_at,
    -- Salesforce keeps only the day.
    case when converted_day is not null then greatest(converted_day, created_at) end as converted_at,
    updated_at
from typed
