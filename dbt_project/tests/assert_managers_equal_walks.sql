-- What: what was won below each manager in a month is what one finds by going up from each rep and day, step by step.
-- Why: the scorecard finds the people below a manager from spans of days, once for all; this looks at the day itself.
-- A failure means that somebody is missing below a manager, or counted twice, at some depth or on some day.
with recursive rep_days as (
    select
        user_id,
        won_count,
        won_amount,
        date_day
    from {{ ref('fct_rep_day') }}
    where won_count > 0
),

versions as (
    select * from {{ ref('dim_rep_version') }}
    where manager_id is not null
),

cycles as (
    select * from {{ ref('int_manager_cycles') }}
),

scorecard as (
    select * from {{ ref('kpi_manager_scorecard') }}
    where period_type = 'month'
),

walks as (
    select
        user_id as person_id,
        won_count,
        won_amount,
        date_day
    from rep_days
    union all
    select
        versions.manager_id as person_id,
        walks.won_count,
        walks.won_amount,
        walks.date_day
    from walks
    inner join versions
        on
            walks.person_id = versions.user_id
            and walks.date_day between versions.valid_from and versions.valid_to
    left join cycles
        on
            walks.person_id = cycles.user_id
            and walks.date_day between cycles.valid_from and cycles.valid_to
    where cycles.user_id is null
),

people as (
    select
        person_id,
        {{ month_index('date_day') }} as month_index,
        sum(won_count) as won_count,
        sum(won_amount) as won_amount
    from walks
    group by person_id, {{ month_index('date_day') }}
),

rep_months as (
    select
        user_id,
        {{ month_index('date_day') }} as month_index,
        sum(won_count) as won_count,
        sum(won_amount) as won_amount
    from rep_days
    group by user_id, {{ month_index('date_day') }}
),

-- A walk begins with the rep's own.
below as (
    select
        people.person_id as manager_id,
        people.month_index,
        people.won_count - coalesce(rep_months.won_count, 0) as won_count,
        people.won_amount - coalesce(rep_months.won_amount, 0) as won_amount
    from people
    left join rep_months
        on
            people.person_id = rep_months.user_id
            and people.month_index = rep_months.month_index
)

select
    coalesce(below.manager_id, scorecard.manager_id) as manager_id,
    scorecard.period_start,
    scorecard.won_count,
    below.won_count as won_count_by_day,
    scorecard.won_amount,
    below.won_amount as won_amount_by_day
from below
full outer join scorecard
    on
        below.manager_id = scorecard.manager_id
        and below.month_index = {{ month_index('scorecard.period_start') }}
where
    coalesce(below.won_count, 0) <> coalesce(scorecard.won_count, 0)
    or coalesce(below.won_amount, 0) <> coalesce(scorecard.won_amount, 0)
