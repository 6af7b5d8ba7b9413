-- Leads that exist at the as-of moment, with their local day and whether they are converted by then.
with leads as (
    select * from {{ ref('int_leads_unioned') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
)

select
    leads.lead_id,
    coalesce(leads.owner_id, 'unassigned') as owner_id,
    leads.account_id,
    leads.opportunity_id,
    coalesce(leads.source, 'unknown') as source,
    coalesce(leads.converted_at <= {{ as_of() }}, false) as is_converted,
    local_days.local_day as created_on,
    leads.created_at,
    leads.converted_at
from leads
inner join local_days
    on {{ in_local_day('leads.created_at', 'local_days') }}
where
    not leads.is_deleted
    and leads.created_at <= {{ as_of() }}
