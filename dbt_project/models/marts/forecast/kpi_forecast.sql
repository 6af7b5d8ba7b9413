-- The forecast of each month and fiscal quarter as it stood at the start of its first day and of every Monday in it, by
-- owner, beside what came of it.
{% set grain = ['period_type', 'period_start', 'snapshot_on', 'owner_id'] %}
{% set stood_amounts = [
    'won_amount', 'commit_amount', 'best_case_amount', 'pipeline_amount', 'omitted_amount', 'weighted_amount'
] %}

with opportunities as (
    select * from {{ ref('int_forecast_opportunities') }}
),

submissions as (
    select * from {{ ref('int_forecast_submissions') }}
),

scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

snapshots as (
    select * from {{ ref('int_forecast_snapshots') }}
),

yields as (
    select * from {{ ref('int_forecast_yields') }}
),

submitted as (
    select
        period_type,
        period_start,
        snapshot_on,
        user_id as owner_id,
        submitted_amount
    from submissions
),

actuals as (
    select
        snapshots.period_type,
        snapshots.period_start,
        snapshots.snapshot_on,
        scorecard.user_id as owner_id,
        scorecard.won_amount as actual_amount
    from scorecard
    inner join snapshots
        on
            scorecard.period_type = snapshots.period_type
            and scorecard.period_start = snapshots.period_start
    where
        snapshots.is_over
        and scorecard.won_amount <> 0
),

parts as (
    {{ union_by_name({
        'opportunities': grain + stood_amounts,
        'submitted': grain + ['submitted_amount'],
        'actuals': grain + ['actual_amount'],
    }) }}
),

summed as (
    select
        {{ grain | join(',\n        ') }},
        {% for amount in stood_amounts + ['actual_amount'] %}
        cast(coalesce(sum({{ amount }}), 0) as decimal(18, 2)) as {{ amount }},
        {% endfor %}
        cast(sum(submitted_amount) as decimal(18, 2)) as submitted_amount
    from parts
    group by {{ grain | join(', ') }}
),

compared as (
    select
        summed.period_type,
        summed.period_start,
        snapshots.period_end,
        summed.snapshot_on,
        summed.owner_id,
        snapshots.weeks_left,
        snapshots.is_last_of_weeks_left,
        {% for amount in stood_amounts %}
        summed.{{ amount }},
        {% endfor %}
        cast(summed.commit_amount + summed.best_case_amount + summed.pipeline_amount as decimal(18, 2)) as due_amount,
        cast(summed.won_amount + summed.commit_amount as decimal(18, 2)) as forecast_amount,
        summed.submitted_amount,
        yields.period_yield,
        case when snapshots.is_over then summed.actual_amount end as actual_amount
    from summed
    inner join snapshots
        on
            summed.period_type = snapshots.period_type
            and summed.period_start = snapshots.period_start
            and summed.snapshot_on = snapshots.snapshot_on
    inner join yields
        on
            summed.period_type = yields.period_type
            and summed.period_start = yields.period_start
            and summed.snapshot_on = yields.snapshot_on
    where
        summed.submitted_amount <> 0
        {% for amount in stood_amounts + ['actual_amount'] %}
        or summed.{{ amount }} <> 0
        {% endfor %}
),

projected as (
    select
        *,
        cast(won_amount as double) + cast(due_amount as double) * period_yield as projected_amount
    from compared
)

select
    period_type,
    owner_id,
    weeks_left,
    is_last_of_weeks_left,
    won_amount,
    commit_amount,
    best_case_amount,
    pipeline_amount,
    omitted_amount,
    due_amount,
    weighted_amount,
    forecast_amount,
    submitted_amount,
    period_yield,
    projected_amount,
    actual_amount,
    cast(forecast_amount - actual_amount as decimal(18, 2)) as forecast_error,
    cast(submitted_amount - actual_amount as decimal(18, 2)) as submitted_error,
    projected_amount - cast(actual_amount as double) as projected_error,
    period_start,
    period_end,
    snapshot_on
from projected
