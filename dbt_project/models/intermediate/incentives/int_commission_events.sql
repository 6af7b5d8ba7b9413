-- What moves the total that a user is paid for: credits, and cancellations that take some of them back, in their
-- order, with the total before and after each. Cancellations of later pay periods move the total of the period in which
-- the deal was credited, too.
with credits as (
    select * from {{ ref('int_commission_credits') }}
    where plan_id is not null
),

cancellations as (
    select * from {{ ref('int_cancellations_unioned') }}
    where
        not is_deleted
        and cancelled_on <= {{ as_of_day() }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

cancelled as (
    select
        credits.*,
        cancellations.cancelled_on,
        cancellations.amount is null as is_all,
        greatest(credits.credited_amount, 0) as most_amount,
        coalesce({{ base_amount('cancellations.amount', 'credits.currency', 'rates.rate') }}, 0) as cancelled_amount
    from cancellations
    inner join credits
        on cancellations.opportunity_id = credits.opportunity_id
    left join rates
        on
            credits.currency = rates.currency
            and credits.closed_on = rates.valued_on
    where
        cancellations.cancelled_on >= credits.closed_on
        and {{ dates_between('credits.closed_on', 'cancellations.cancelled_on') }} <= credits.clawback_days
),

claimed as (
    select
        *,
        case
            when is_all then most_amount
            else {{ amount_at_rate('cancelled_amount', 'share') }}
        end as claimed_amount
    from cancelled
),

-- As amounts are not negative, no more is taken than is left where all that is taken so far is at most the credit.
taken_so_far as (
    select
        *,
        cast(
            least(most_amount, sum(claimed_amount) over successive) as decimal(18, 2)
        ) as taken_amount
    from claimed
    window successive as (
        partition by opportunity_id, user_id
        order by cancelled_on
        rows between unbounded preceding and current row
    )
),

taken as (
    select
        *,
        coalesce(lag(taken_amount) over successive, 0) as taken_before_amount
    from taken_so_far
    window successive as (partition by opportunity_id, user_id order by cancelled_on)
),

events as (
    select
        user_id,
        plan_id,
        opportunity_id,
        method,
        month_count,
        credited_amount as amount,
        credited_amount as credit_amount,
        cast(0 as decimal(18, 2)) as taken_before_amount,
        cast(0 as decimal(18, 2)) as taken_amount,
        false as is_cancellation,
        earned_period_start,
        earned_period_start as pay_period_start,
        closed_on as counted_on,
        closed_at
    from credits
    union all
    select
        user_id,
        plan_id,
        opportunity_id,
        method,
        month_count,
        cast(taken_before_amount - taken_amount as decimal(18, 2)) as amount,
        credited_amount as credit_amount,
        taken_before_amount,
        taken_amount,
        true as is_cancellation,
        earned_period_start,
        {{ month_start(period_first_month(month_index('cancelled_on'), 'month_count')) }} as pay_period_start,
        cancelled_on as counted_on,
        closed_at
    from taken
    where taken_amount > taken_before_amount
),

totals as (
    select
        *,
        row_number() over in_order as event_number,
        cast(sum(amount) over in_order as decimal(18, 2)) as total_after
    from events
    window in_order as (
        partition by user_id, plan_id, earned_period_start
        order by
            counted_on,
            is_cancellation,
            case when not is_cancellation then closed_at end,
            opportunity_id
        rows between unbounded preceding and current row
    )
)

select
    user_id,
    plan_id,
    opportunity_id,
    method,
    month_count,
    event_number,
    amount,
    credit_amount,
    taken_before_amount,
    taken_amount,
    cast(total_after - amount as decimal(18, 2)) as total_before,
    total_after,
    is_cancellation,
    earned_period_start,
    pay_period_start,
    counted_on
from totals
