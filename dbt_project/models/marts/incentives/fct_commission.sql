-- The ledger of commissions: each line pays for one thing, or takes it back, and says by which deal, plan, tier and
-- rule.
with parts as (
    select * from {{ ref('int_commission_parts') }}
),

payments as (
    select
        *,
        pay_period_start = earned_period_start as is_in_earned_period,
        -- What the rate now reached pays for the total before, where one rate pays for all of it.
        {{ amount_at_rate('total_before', 'rate_after') }} as paid_before_at_rate_after
    from {{ ref('int_commission_payments') }}
),

events as (
    select * from {{ ref('int_commission_events') }}
),

spiffs as (
    select * from {{ ref('int_spiff_credits') }}
    where spiff_amount is not null
),

marginal_lines as (
    select
        user_id,
        plan_id,
        opportunity_id,
        'tier' as component,
        cast(null as string) as spiff_id,
        tier,
        event_number,
        part_after - part_before as credited_amount,
        rate,
        paid_after - paid_before as commission_amount,
        is_cancellation,
        pay_period_start,
        earned_period_start,
        counted_on
    from parts
    where
        method = 'marginal'
        and not is_cancellation
        and part_after <> part_before
),

top_rate_lines as (
    select
        user_id,
        plan_id,
        opportunity_id,
        'tier' as component,
        cast(null as string) as spiff_id,
        tier_after as tier,
        event_number,
        amount as credited_amount,
        rate_after as rate,
        paid_after - paid_before_at_rate_after as commission_amount,
        is_cancellation,
        pay_period_start,
        earned_period_start,
        counted_on
    from payments
    where
        method = 'top_rate'
        and not is_cancellation
),

true_up_lines as (
    select
        user_id,
        plan_id,
        opportunity_id,
        'true_up' as component,
        cast(null as string) as spiff_id,
        tier_after as tier,
        event_number,
        0 as credited_amount,
        rate_after - rate_before as rate,
        paid_before_at_rate_after - paid_before as commission_amount,
        is_cancellation,
        pay_period_start,
        earned_period_start,
        counted_on
    from payments
    where
        method = 'top_rate'
        and not is_cancellation
        and paid_before_at_rate_after <> paid_before
),

clawback_lines as (
    select
        user_id,
        plan_id,
        opportunity_id,
        'clawback' as component,
        cast(null as string) as spiff_id,
        cast(null as bigint) as tier,
        event_number,
        case when is_in_earned_period then amount else 0 end as credited_amount,
        cast(null as decimal(20, 10)) as rate,
        -- A period that is over has been paid: its cap holds already.
        case
            when is_in_earned_period then paid_after - paid_before
            else capped_after - capped_before
        end as commission_amount,
        is_cancellation,
        pay_period_start,
        earned_period_start,
        counted_on
    from payments
    where is_cancellation
),

last_payments as (
    select * from payments
    where is_in_earned_period
    qualify row_number() over (partition by user_id, plan_id, earned_period_start order by event_number desc) = 1
),

cap_lines as (
    select
        user_id,
        plan_id,
        cast(null as string) as opportunity_id,
        'cap' as component,
        cast(null as string) as spiff_id,
        cast(null as bigint) as tier,
        event_number,
        0 as credited_amount,
        cast(null as decimal(20, 10)) as rate,
        capped_after - paid_after as commission_amount,
        true as is_cancellation,
        pay_period_start,
        earned_period_start,
        ends_on as counted_on
    from last_payments
    where paid_after > cap_amount
),

spiff_lines as (
    select
        spiffs.user_id,
        spiffs.plan_id,
        spiffs.opportunity_id,
        case when events.is_cancellation then 'spiff_clawback' else 'spiff' end as component,
        spiffs.spiff_id,
        cast(null as bigint) as tier,
        events.event_number,
        0 as credited_amount,
        cast(null as decimal(20, 10)) as rate,
        case
            when events.is_cancellation
                then
                    {{ amount_of_part('spiffs.spiff_amount', 'events.taken_before_amount', 'events.credit_amount') }}
                    - {{ amount_of_part('spiffs.spiff_amount', 'events.taken_amount', 'events.credit_amount') }}
            else spiffs.spiff_amount
        end as commission_amount,
        events.is_cancellation,
        events.pay_period_start,
        events.earned_period_start,
        events.counted_on
    from spiffs
    inner join events
        on
            spiffs.opportunity_id = events.opportunity_id
            and spiffs.user_id = events.user_id
),

lines as (
    {% for component in ['marginal', 'top_rate', 'true_up', 'clawback', 'cap', 'spiff'] %}
    select * from {{ component }}_lines
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    user_id,
    plan_id,
    opportunity_id,
    component,
    spiff_id,
    cast(tier as bigint) as tier,
    -- In the order in which it came about; the cap of a period stands at its end.
    cast(row_number() over (
        partition by user_id, plan_id, pay_period_start
        order by
            counted_on,
            is_cancellation,
            earned_period_start,
            event_number,
            case component when 'true_up' then 1 when 'tier' then 2 when 'clawback' then 3 when 'cap' then 5 else 4 end,
            tier,
            spiff_id
    ) as integer) as line_number,
    cast(credited_amount as decimal(18, 2)) as credited_amount,
    cast(rate as decimal(20, 10)) as rate,
    cast(commission_amount as decimal(18, 2)) as commission_amount,
    pay_period_start,
    earned_period_start,
    counted_on
from lines
