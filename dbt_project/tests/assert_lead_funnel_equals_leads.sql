-- What: leads and converted leads of the lead funnel are those that were landed, less deleted and later ones.
-- Why: a lead gets a local day, a source, touches and an opportunity on its way to the funnel.
-- A failure means that a lead was lost or doubled on it.
with funnel as (
    select
        coalesce(sum(lead_count), 0) as lead_count,
        coalesce(sum(converted_count), 0) as converted_count
    from {{ ref('kpi_lead_funnel') }}
),

landed as (
    select
        count(*) as lead_count,
        count(*) filter (where converted_at <= {{ as_of() }}) as converted_count
    from {{ ref('int_leads_unioned') }}
    where
        not is_deleted
        and created_at <= {{ as_of() }}
)

select
    funnel.*,
    landed.lead_count as landed_count,
    landed.converted_count as landed_converted_count
from funnel
cross join landed
where
    funnel.lead_count <> landed.lead_count
    or funnel.converted_count <> landed.converted_count
