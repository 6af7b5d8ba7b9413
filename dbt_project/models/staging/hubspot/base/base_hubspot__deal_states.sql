-- Deals after each change of a tracked property, with all of them carried forward. One row per deal and moment.
--
-- HubSpot writes the properties of a new deal within some milliseconds, not at once: pipeline and stage hold
-- from the deal's first row on, whichever was written first. A value that was cleared stays cleared, hence
-- the records: they tell "set to nothing" from "not set".
{% set properties = {
    'pipeline': 'pipeline_id',
    'dealstage': 'stage_id',
    'amount': 'amount',
    'closedate': 'closedate',
    'hubspot_owner_id': 'hubspot_owner_id',
    'hs_manual_forecast_category': 'forecast_category',
} %}
with deal_history as (
    select
        *,
        {{ hubspot_moment('changed_at') }} as moment
    from {{ hubspot_base('deal_history') }}
),

changes as (
    select
        deal_id,
        changed_at,
        moment,
        {% for property, column in properties.items() %}
        {{ any_by(record_of({'value': 'value'}), "property = '" ~ property ~ "'") }} as {{ column }},
        {% endfor %}
        max(updated_by_user_id) as updated_by_user_id
    from deal_history
    group by all
)

select
    deal_id,
    changed_at,
    coalesce(
        {{ last_known('pipeline_id') }} over so_far,
        {{ first_known('pipeline_id') }} over whole
    ).value as pipeline_id,
    coalesce(
        {{ last_known('stage_id') }} over so_far,
        {{ first_known('stage_id') }} over whole
    ).value as stage_id,
    ({{ last_known('amount') }} over so_far).value as amount,
    ({{ last_known('closedate') }} over so_far).value as closedate,
    ({{ last_known('hubspot_owner_id') }} over so_far).value as hubspot_owner_id,
    ({{ last_known('forecast_category') }} over so_far).value as forecast_category,
    updated_by_user_id
from changes
window
    so_far as (
        partition by deal_id order by moment nulls last, changed_at
        rows between unbounded preceding and current row
    ),
    whole as (
        partition by deal_id order by moment nulls last, changed_at
        rows between unbounded preceding and unbounded following
    )
