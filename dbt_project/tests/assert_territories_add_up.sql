-- What: in each period, territories that lie in no other add up to the company: each count and sum, to the cent.
-- Why: a territory holds what lies in it, through trees that may have gaps and circles.
-- A failure means that what was done in a territory goes up to no top, or to two.
{% set measures = ['won_count', 'won_amount', 'lost_count', 'quota_amount', 'open_amount'] %}

with company as (
    select * from {{ ref('kpi_company_scorecard') }}
),

tops as (
    select
        {% for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        period_type,
        period_start
    from {{ ref('kpi_territory') }}
    where parent is null
    group by period_type, period_start
)

select
    {% for measure in measures %}
    company.{{ measure }},
    tops.{{ measure }} as {{ measure }}_of_territories,
    {% endfor %}
    coalesce(company.period_type, tops.period_type) as period_type,
    coalesce(company.period_start, tops.period_start) as period_start
from company
full outer join tops
    on
        company.period_type = tops.period_type
        and company.period_start = tops.period_start
where
    false
    {% for measure in measures %}
    or coalesce(company.{{ measure }}, 0) <> coalesce(tops.{{ measure }}, 0)
    {% endfor %}
