-- The figure of each goal's metric over each of its spans. The measures of an owner and a span are added up once, for
-- all goals on them, then divided.
{% set measures = [] %}
{% for names in goal_measures().values() %}
{% do measures.extend(names) %}
{% endfor %}
{% set keys = ['user_id', 'date_day'] %}
{% set flows = goal_metrics() | selectattr('kind', 'equalto', 'flow') | map(attribute='kpi') | list %}
{% set ratios = goal_metrics() | selectattr('kind', 'equalto', 'ratio') | map(attribute='kpi') | list %}

with spans as (
    select * from {{ ref('int_goal_spans') }}
),

rep_versions as (
    select * from {{ ref('dim_rep_version') }}
),

rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

quotas as (
    select
        user_id,
        quota_amount,
        month as date_day
    from {{ ref('fct_quota_month') }}
    where metric = 'bookings'
),

leads as (
    select
        owner_id as user_id,
        count(*) as lead_count,
        count(*) filter (where is_converted) as converted_count,
        created_on as date_day
    from {{ ref('int_leads') }}
    group by owner_id, created_on
),

surveys as (
    select
        user_id,
        count(*) as csat_count,
        count(*) filter (where score >= 4) as satisfied_count,
        responded_on as date_day
    from {{ ref('int_surveys') }}
    where kind = 'csat'
    group by user_id, responded_on
),

revenue as (
    select
        cast(null as string) as user_id,
        sum(revenue_amount) as revenue_amount,
        month as date_day
    from {{ ref('int_revenue_monthly') }}
    group by month
),

customers as (
    select
        cast(null as string) as user_id,
        count(*) as new_customer_count,
        first_invoice_on as date_day
    from {{ ref('int_customers') }}
    group by first_invoice_on
),

spend as (
    select
        cast(null as string) as user_id,
        sum(spend_amount) as acquisition_amount,
        month as date_day
    from {{ ref('int_spend') }}
    where category in ('sales', 'marketing')
    group by month
),

{% set parts = {} %}
{% for part, names in goal_measures().items() %}
{% do parts.update({part: keys + names}) %}
{% endfor %}
parts as {{ inlined() }} (
    {{ union_by_name(parts) }}
),

-- What is nobody's is the company's alone.
owner_days as (
    select
        'rep' as owner_type,
        user_id as measured_id,
        {% for measure in measures %}
        {{ measure }},
        {% endfor %}
        date_day
    from parts
    where user_id is not null
    union all
    select
        'team' as owner_type,
        rep_versions.team as measured_id,
        {% for measure in measures %}
        sum(parts.{{ measure }}) as {{ measure }},
        {% endfor %}
        parts.date_day
    from parts
    inner join rep_versions
        on
            parts.user_id = rep_versions.user_id
            and parts.date_day between rep_versions.valid_from and rep_versions.valid_to
    group by rep_versions.team, parts.date_day
    union all
    select
        'company' as owner_type,
        'company' as measured_id,
        {% for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        date_day
    from parts
    group by date_day
),

measured_spans as (
    select distinct
        owner_type,
        measured_id,
        first_day,
        last_day
    from spans
),

sums as (
    select
        measured_spans.owner_type,
        measured_spans.measured_id,
        measured_spans.first_day,
        measured_spans.last_day,
        {% for measure in measures if measure != 'quota_amount' %}
        coalesce(sum(owner_days.{{ measure }}), 0) as {{ measure }},
        {% endfor %}
        sum(owner_days.quota_amount) as quota_amount
    from measured_spans
    left join owner_days
        on
            measured_spans.owner_type = owner_days.owner_type
            and measured_spans.measured_id = owner_days.measured_id
            and owner_days.date_day between measured_spans.first_day and measured_spans.last_day
    group by
        measured_spans.owner_type,
        measured_spans.measured_id,
        measured_spans.first_day,
        measured_spans.last_day
),

rated as (
    select
        {% for name in ratios %}
        {{ goal_ratios()[name] }} as {{ name }},
        {% endfor %}
        sums.*
    from sums
),

figures as (
    select
        spans.*,
        case spans.metric
            {% for name in flows %}
            when '{{ name }}' then cast(rated.{{ name }} as decimal(28, 10))
            {% endfor %}
        end as flow,
        case spans.metric
            {% for name in ratios %}
            when '{{ name }}' then rated.{{ name }}
            {% endfor %}
        end as ratio
    from spans
    inner join rated
        on
            spans.owner_type = rated.owner_type
            and spans.measured_id = rated.measured_id
            and spans.first_day = rated.first_day
            and spans.last_day = rated.last_day
)

select
    goal_id,
    span_number,
    coalesce(cast(flow as double), ratio) as figure,
    -- To ten decimals, as targets are given: only so it can be said whether two are equal.
    coalesce(flow, try_cast(ratio as decimal(28, 10))) as compared_figure,
    first_day,
    last_day
from figures
