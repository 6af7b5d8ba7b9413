-- Deals after each change of a tracked property, with all of them carried forward. One row a deal and moment.
--
-- HubSpot writes the properties of a new deal within some milliseconds, not at once: pipeline and stage hold
-- from the deal's first row on, whichever was written first. A value that was cleared stays cleared, hence
-- the structs: they tell "set to nothing" from "not set".
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
        any_value(struct_pack(value := value)) filter (where property = '{{ property }}') as {{ column }},
        {% endfor %}
        max(updated_by_user_id) as updated_by_user_id
    from deal_history
    group by all
)

select
    deal_id,
    changed_at,
    coalesce(
        last_value(pipeline_id ignore nulls) over so_far,
        first_value(pipeline_id ignore nulls) over whole
    ).value as pipeline_id,
    coalesce(
        last_value(stage_id ignore nulls) over so_far,
        first_value(stage_id ignore nulls) over whole
    ).value as stage_id,
    (last_value(amount ignore nulls) over so_far).value as amount,
    (last_value(closedate ignore nulls) over so_far).value as closedate,
    (last_value(hubspot_owner_id ignore nulls) over so_far).value as hubspot_owner_id,
    (last_value(forecast_category ignore nulls) over so_far).value as forecast_category,
    updated_by_user_id
from changes
window
    so_far as (
        partition by deal_id order by moment, changed_at
        rows between unbounded preceding and current row
    ),
    whole as (
        partition by deal_id order by moment, changed_at
        rows between unbounded preceding and unbounded following
    )
