-- What: in each period, teams add up to the company, and so do reps: each count and sum, to the cent, but rep_count.
-- Why: team and company are summed from the parts of positions; nothing may be lost or counted twice where somebody
-- moved.
-- A failure means that a day of a rep is in no version or in two, or that a scorecard lost a row that is not 0.
{% set measures = scorecard_measures() | rejectattr('scorecard', 'equalto', 'hidden') | map(attribute='name') | list %}
{% set counts = quota_rep_counts() | map(attribute='name') | list %}

with company as (
    select * from {{ ref('kpi_company_scorecard') }}
),

teams as (
    select * from {{ ref('kpi_team_scorecard') }}
),

reps as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

team_sums as (
    select
        {% for measure in measures + counts %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        period_type,
        period_start
    from teams
    group by period_type, period_start
),

rep_sums as (
    select
        {% for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        count(*) filter (where quota_amount > 0) as quota_rep_count,
        count(*) filter (where quota_amount > 0 and attainment >= 1) as reached_quota_count,
        period_type,
        period_start
    from reps
    group by period_type, period_start
)

select
    {% for measure in measures + counts %}
    company.{{ measure }},
    team_sums.{{ measure }} as {{ measure }}_of_teams,
    rep_sums.{{ measure }} as {{ measure }}_of_reps,
    {% endfor %}
    company.period_type,
    company.period_start
from company
full outer join team_sums
    on
        company.period_type = team_sums.period_type
        and company.period_start = team_sums.period_start
full outer join rep_sums
    on
        company.period_type = rep_sums.period_type
        and company.period_start = rep_sums.period_start
where
    false
    {% for measure in measures + counts %}
    or company.{{ measure }} is distinct from team_sums.{{ measure }}
    or company.{{ measure }} is distinct from rep_sums.{{ measure }}
    {% endfor %}
