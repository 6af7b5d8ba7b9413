-- What was spent on campaigns, with the campaigns' days, one row per campaign. Other tools do not land it.
{% if landed_by('hubspot') == 'repline' %}
with campaign_costs as (
    select * from {{ source('hubspot', 'hubspot__campaign_costs') }}
),

campaigns as (
    select * from {{ source('hubspot', 'hubspot__campaigns') }}
)

select
    campaign_costs.campaign_id,
    campaign_costs.currency_code,
    campaign_costs.spend_items,
    campaigns.hs_start_date,
    campaigns.hs_end_date,
    coalesce(campaigns._is_gone, true) as is_archived
from campaign_costs
left join campaigns
    on campaign_costs.campaign_id = campaigns.id
{% else %}
{{ hubspot_without_rows('campaign_costs') }}
{% endif %}
