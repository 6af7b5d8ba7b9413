-- How long new reps took to get going, beside those hired in the same fiscal quarter.
{% set firsts = ['days_to_first_meeting', 'days_to_first_created', 'days_to_first_won', 'months_to_quota'] %}
{% set measures = firsts + ['onboarding_completion_rate'] %}

with users as (
    select * from {{ ref('int_users_unioned') }}
    where hired_on <= {{ as_of_day() }}
),

meetings as (
    select * from {{ ref('int_meetings') }}
    where status = 'held'
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

scorecards as (
    select * from {{ ref('kpi_rep_scorecard') }}
    where
        period_type = 'month'
        and attainment >= {{ var('ramp_attainment') }}
),

training_records as (
    select * from {{ ref('int_training_records_unioned') }}
    where
        not is_deleted
        and assigned_at <= {{ as_of() }}
),

onboarding_courses as (
    select * from {{ ref('int_courses_unioned') }}
    where
        not is_deleted
        and is_onboarding
),

achievements as (
    select
        'days_to_first_meeting' as measure,
        user_id,
        started_on as achieved_on
    from meetings
    union all
    select
        'days_to_first_created' as measure,
        created_owner_id as user_id,
        first_state_on as achieved_on
    from opportunities
    union all
    select
        'days_to_first_won' as measure,
        closed_owner_id as user_id,
        closed_on as achieved_on
    from opportunities
    where status = 'won'
),

first_achievements as (
    select
        {% for measure in firsts if measure != 'months_to_quota' %}
        {% set first_on = "min(achievements.achieved_on) filter (where achievements.measure = '" ~ measure ~ "')" %}
        {{ dates_between('min(users.hired_on)', first_on) }} as {{ measure }},
        {% endfor %}
        users.user_id
    from users
    inner join achievements
        on
            users.user_id = achievements.user_id
            and users.hired_on <= achievements.achieved_on
    group by users.user_id
),

first_quotas as (
    select
        users.user_id,
        min({{ month_index('scorecards.period_start') }} - {{ month_index('users.hired_on') }} + 1) as months_to_quota
    from users
    inner join scorecards
        on
            users.user_id = scorecards.user_id
            and {{ month_index('users.hired_on') }} <= {{ month_index('scorecards.period_start') }}
    group by users.user_id
),

onboarding as (
    select
        training_records.user_id,
        {{ ratio('count(*) filter (where training_records.completed_at <= ' ~ as_of() ~ ')', 'count(*)') }}
            as onboarding_completion_rate
    from training_records
    inner join onboarding_courses
        on training_records.course_id = onboarding_courses.course_id
    group by training_records.user_id
),

ramps as (
    select
        users.user_id,
        first_achievements.days_to_first_meeting,
        first_achievements.days_to_first_created,
        first_achievements.days_to_first_won,
        first_quotas.months_to_quota,
        onboarding.onboarding_completion_rate,
        users.hired_on,
        {{ month_start(period_first_month(month_index('users.hired_on'), 3)) }} as cohort_start
    from users
    left join first_achievements
        on users.user_id = first_achievements.user_id
    left join first_quotas
        on users.user_id = first_quotas.user_id
    left join onboarding
        on users.user_id = onboarding.user_id
),

-- Who has not got there ranks last; who had no such course is in no rank of it.
placed as (
    select
        *,
        {% for measure in measures %}
        row_number() over (partition by cohort_start order by {{ measure }} nulls last) as {{ measure }}_place,
        count({{ '*' if measure in firsts else measure }}) over cohorts as {{ measure }}_count,
        {% endfor %}
        count(*) over cohorts as cohort_size
    from ramps
    window cohorts as (partition by cohort_start)
),

-- The median is the mean of the two in the middle, which are one where the number is odd; null if one is not there.
cohorts as (
    select
        {% for measure in measures %}
        {{ middle_mean(measure, measure ~ '_place', measure ~ '_count') }}
            as cohort_median_{{ measure }},
        {% endfor %}
        cohort_start
    from placed
    where cohort_size >= 3
    group by cohort_start
)

select
    placed.user_id,
    {% for measure in measures %}
    {% if measure in firsts %}
    cast(placed.{{ measure }} as integer) as {{ measure }},
    {% else %}
    placed.{{ measure }},
    {% endif %}
    {% endfor %}
    {% for measure in measures %}
    cohorts.cohort_median_{{ measure }},
    {% endfor %}
    cast(placed.cohort_size as integer) as cohort_size,
    placed.hired_on,
    placed.cohort_start
from placed
left join cohorts
    on placed.cohort_start = cohorts.cohort_start
