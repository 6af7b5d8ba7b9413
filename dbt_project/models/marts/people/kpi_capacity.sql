-- How many reps with a quota each team has, how busy they are, and how many more it needs.
{% set shares = var('ramp_shares') %}

with versions as (
    select * from {{ ref('dim_rep_version') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

months as (
    select
        *,
        least(period_end, {{ as_of_day() }}) as last_day,
        period_end >= {{ as_of_day() }} as is_running
    from {{ ref('int_periods') }}
    where period_type = 'month'
),

rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

team_scorecards as (
    select * from {{ ref('kpi_team_scorecard') }}
    where period_type = 'month'
),

meetings as (
    select * from {{ ref('int_meetings') }}
    where status = 'held'
),

working_days as (
    select * from {{ ref('int_working_days') }}
    where is_working_day
),

-- Who has a quota, by the month's end. Their month of hiring is number 0.
reps as (
    select
        users.user_id,
        versions.team,
        months.first_month as month_index,
        months.period_start,
        months.last_day,
        users.hired_on,
        users.left_on,
        months.first_month - {{ month_index('users.hired_on') }} as month_number
    from users
    inner join months
        on
            coalesce(users.hired_on <= months.last_day, true)
            and coalesce(users.left_on >= months.last_day, true)
    inner join versions
        on
            users.user_id = versions.user_id
            and months.last_day between versions.valid_from and versions.valid_to
    where {{ role_name('versions.role') }} in ('{{ var("quota_roles") | join("', '") }}')
),

talks as (
    select
        user_id,
        {{ month_index('date_day') }} as month_index,
        talk_seconds as seconds
    from rep_days
    union all
    select
        user_id,
        {{ month_index('started_on') }} as month_index,
        coalesce({{ seconds_between('starts_at', 'ends_at') }}, 0) as seconds
    from meetings
),

talk_months as (
    select
        user_id,
        month_index,
        sum(seconds) as busy_seconds
    from talks
    group by user_id, month_index
),

rep_working_days as (
    select
        reps.user_id,
        reps.month_index,
        count(*) as working_day_count
    from reps
    inner join working_days
        on
            greatest(reps.period_start, reps.hired_on) <= working_days.date_day
            and least(reps.last_day, reps.left_on) >= working_days.date_day
    group by reps.user_id, reps.month_index
),

teams as (
    select
        reps.team,
        reps.month_index,
        count(*) as rep_count,
        sum(cast(
            case
                {% for share in shares[:-1] %}
                when reps.month_number = {{ loop.index0 }} then {{ share }}
                {% endfor %}
                when reps.month_number >= {{ shares | length - 1 }} then {{ shares[-1] }}
                else 1
            end as decimal(9, 6)
        )) as ramped_rep_count,
        sum(talk_months.busy_seconds) as busy_seconds,
        sum(rep_working_days.working_day_count) as working_day_count
    from reps
    left join talk_months
        on
            reps.user_id = talk_months.user_id
            and reps.month_index = talk_months.month_index
    left join rep_working_days
        on
            reps.user_id = rep_working_days.user_id
            and reps.month_index = rep_working_days.month_index
    group by reps.team, reps.month_index
),

months_of_teams as (
    select
        months.period_start,
        months.is_running,
        team_scorecards.team,
        months.first_month as month_index,
        teams.rep_count,
        teams.ramped_rep_count,
        {{ ratio(
            'coalesce(teams.busy_seconds, 0)',
            'teams.working_day_count * ' ~ var('selling_hours_per_day') ~ ' * 3600'
        ) }} as utilisation,
        team_scorecards.won_amount,
        team_scorecards.quota_amount,
        team_scorecards.open_count,
        team_scorecards.attainment
    from team_scorecards
    inner join months
        on team_scorecards.period_start = months.period_start
    left join teams
        on
            team_scorecards.team = teams.team
            and months.first_month = teams.month_index
),

compared as (
    select
        *,
        {% for measure in ['attainment', 'utilisation'] %}
        max({{ measure }}) over (
            partition by team order by month_index range between 1 preceding and 1 preceding
        ) as former_{{ measure }},
        {% endfor %}
        {{ ratio('sum(won_amount) over former_months', 'sum(ramped_rep_count) over former_months') }}
            as won_per_ramped_rep
    from months_of_teams
    window former_months as (partition by team order by month_index range between 3 preceding and 1 preceding)
),

-- Rounded before it is rounded up: what is less than a millionth of a rep is an error of the division.
needed as (
    select
        *,
        ceil(round({{ ratio('quota_amount', 'won_per_ramped_rep') }} - ramped_rep_count, 6)) as missing_reps
    from compared
)

select
    team,
    cast(rep_count as integer) as rep_count,
    cast(ramped_rep_count as double) as ramped_rep_count,
    attainment,
    utilisation,
    {{ ratio('open_count', 'rep_count') }} as open_per_rep,
    won_per_ramped_rep,
    cast(case when missing_reps is not null then greatest(missing_reps, 0) end as integer) as reps_needed,
    case
        when not is_running then coalesce(
            attainment >= 1 and former_attainment >= 1
            and least(utilisation, former_utilisation) >= {{ var('hiring_utilisation') }}
            -- least passes over nulls.
            and utilisation is not null and former_utilisation is not null,
            false
        )
    end as is_hiring_advised,
    period_start as month
from needed
where rep_count > 0
