-- How right each way of forecasting was, by the whole weeks left to the end of the period: over the periods that are
-- over, for reps one by one and for the company as a whole.
{% set methods = ['forecast', 'submitted', 'projected', 'weighted', 'naive'] %}

with forecast as (
    select * from {{ ref('kpi_forecast') }}
    where
        actual_amount is not null
        and is_last_of_weeks_left
),

scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

rep_managers as (
    select * from {{ ref('int_rep_managers') }}
),

periods as (
    select
        period_type,
        period_start,
        lag(period_start) over (partition by period_type order by period_start) as previous_period_start
    from {{ ref('int_periods') }}
),

-- Their submissions hold those of the people below them already.
managers_of_submitters as (
    select distinct
        forecast.period_type,
        forecast.period_start,
        forecast.snapshot_on,
        rep_managers.manager_id
    from forecast
    inner join rep_managers
        on
            forecast.owner_id = rep_managers.user_id
            and forecast.snapshot_on between rep_managers.valid_from and rep_managers.valid_to
    where forecast.submitted_amount is not null
),

reps as (
    select
        forecast.period_type,
        forecast.period_start,
        forecast.weeks_left,
        forecast.actual_amount,
        forecast.forecast_amount,
        forecast.submitted_amount,
        case when managers.manager_id is null then forecast.submitted_amount end as bottom_submitted_amount,
        -- Sums of doubles are not the same twice.
        cast(forecast.projected_amount as decimal(28, 8)) as projected_amount,
        forecast.won_amount + forecast.weighted_amount as weighted_amount,
        case
            when periods.previous_period_start is not null then coalesce(scorecard.won_amount, 0)
        end as naive_amount
    from forecast
    inner join periods
        on
            forecast.period_type = periods.period_type
            and forecast.period_start = periods.period_start
    left join scorecard
        on
            forecast.period_type = scorecard.period_type
            and periods.previous_period_start = scorecard.period_start
            and forecast.owner_id = scorecard.user_id
    left join managers_of_submitters as managers
        on
            forecast.period_type = managers.period_type
            and forecast.period_start = managers.period_start
            and forecast.snapshot_on = managers.snapshot_on
            and forecast.owner_id = managers.manager_id
),

forecasts as (
    select
        'rep' as level,
        period_type,
        period_start,
        weeks_left,
        {% for method in methods %}
        {{ method }}_amount,
        {% endfor %}
        actual_amount
    from reps
    union all
    select
        'company' as level,
        period_type,
        period_start,
        weeks_left,
        {% for method in methods %}
        cast(sum({{ 'bottom_' if method == 'submitted' }}{{ method }}_amount) as decimal(28, 8)) as {{ method }}_amount,
        {% endfor %}
        sum(actual_amount) as actual_amount
    from reps
    group by period_type, period_start, weeks_left
),

figures as (
    {% for method in methods %}
    select
        '{{ method }}' as method,
        level,
        period_type,
        period_start,
        weeks_left,
        {{ method }}_amount - actual_amount as error_amount,
        actual_amount
    from forecasts
    where {{ method }}_amount is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    period_type,
    weeks_left,
    level,
    method,
    cast(count(distinct period_start) as integer) as period_count,
    {{ ratio('sum(abs(error_amount))', 'sum(actual_amount)') }} as wape,
    {{ ratio('sum(error_amount)', 'sum(actual_amount)') }} as bias
from figures
group by period_type, weeks_left, level, method
