-- What each tier pays before and after each event: for the part of the total that lies within it (marginal), or for all
-- of it where it is the highest tier reached (top_rate).
with events as (
    select * from {{ ref('int_commission_events') }}
    where amount <> 0
),

tiers as (
    select * from {{ ref('int_commission_tiers') }}
),

reached as (
    select
        {% for moment in ['before', 'after'] %}
        (tiers.is_first or events.total_{{ moment }} >= tiers.starts_at)
        and coalesce(events.total_{{ moment }} < tiers.ends_at, true) as is_top_{{ moment }},
        case
            when tiers.is_first then least(events.total_{{ moment }}, tiers.ends_at)
            else greatest(least(events.total_{{ moment }}, tiers.ends_at) - tiers.starts_at, 0)
        end as within_{{ moment }},
        {% endfor %}
        tiers.tier,
        tiers.rate,
        events.*
    from events
    inner join tiers
        on
            events.user_id = tiers.user_id
            and events.plan_id = tiers.plan_id
            and events.earned_period_start = tiers.pay_period_start
),

parts as (
    select
        {% for moment in ['before', 'after'] %}
        cast(case
            when method = 'marginal' then within_{{ moment }}
            when is_top_{{ moment }} then total_{{ moment }}
            else 0
        end as decimal(18, 2)) as part_{{ moment }},
        {% endfor %}
        *
    from reached
)

select
    *,
    {{ amount_at_rate('part_before', 'rate') }} as paid_before,
    {{ amount_at_rate('part_after', 'rate') }} as paid_after
from parts
