-- What each rep does best and where there is most to gain, each month: among those of the same role.
{% set kpis = kpis_by_name() %}
{% set board = 'month, kpi, role' %}

with scorecards as (
    select * from {{ ref('kpi_rep_scorecard') }}
    where period_type = 'month'
),

conversations as (
    select * from {{ ref('kpi_conversation') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

kpi_values as (
    {% for name in var('digest_kpis') %}
    {% set is_said = kpis[name].table_name == 'kpi_conversation' %}
    select
        user_id,
        '{{ name }}' as kpi,
        {{ loop.index }} as kpi_number,
        cast({{ kpis[name].column_name }} as double) as value,
        {{ -1 if kpis[name].better == 'lower' else 1 }} as direction,
        {{ 'month' if is_said else 'period_start' }} as month
    from {{ 'conversations' if is_said else 'scorecards' }}
    where {{ kpis[name].column_name }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

changes as (
    select
        *,
        value - max(value) over (
            partition by user_id, kpi order by {{ month_index('month') }} range between 1 preceding and 1 preceding
        ) as change
    from kpi_values
),

in_roles as (
    select
        changes.*,
        changes.value * changes.direction as score,
        {{ role_name('versions.role') }} as role
    from changes
    inner join versions
        on
            changes.user_id = versions.user_id
            and least({{ month_start(month_index('changes.month') ~ ' + 1') }} - 1, {{ as_of_day() }})
            between versions.valid_from and versions.valid_to
    where {{ role_name('versions.role') }} <> ''
),

placed as (
    select
        *,
        count(*) over (partition by {{ board }}) as rep_count,
        rank() over (partition by {{ board }} order by score desc) as rank,
        row_number() over (partition by {{ board }} order by value, user_id) as place
    from in_roles
),

-- The places of the median of the others, who are one fewer: those from one's own place on move up by one.
middles as (
    select
        *,
        {{ integer_divide('rep_count', '2') }} as low_place,
        {{ integer_divide('rep_count - 1', '2') }} + 1 as high_place
    from placed
    where rep_count >= 3
),

compared as (
    select
        middles.*,
        {{ ratio('middles.rep_count - middles.rank', 'middles.rep_count - 1') }} as percentile,
        (low_others.value + high_others.value) / 2 as peer_median
    from middles
    {% for end in ['low', 'high'] %}
    inner join placed as {{ end }}_others
        on
            middles.month = {{ end }}_others.month
            and middles.kpi = {{ end }}_others.kpi
            and middles.role = {{ end }}_others.role
            and middles.{{ end }}_place + case when middles.place <= middles.{{ end }}_place then 1 else 0 end
            = {{ end }}_others.place
    {% endfor %}
),

strengths as (
    select
        *,
        row_number() over (partition by user_id, month order by percentile desc, kpi_number asc) as number_of_kind
    from compared
    where score > peer_median * direction
),

improvements as (
    select
        *,
        row_number() over (partition by user_id, month order by percentile, kpi_number) as number_of_kind
    from compared
    where score < peer_median * direction
),

chosen as (
    {% for kind, relation in {'strength': 'strengths', 'improve': 'improvements'}.items() %}
    select
        user_id,
        '{{ kind }}_' || cast(number_of_kind as string) as position,
        kpi,
        value,
        percentile,
        peer_median,
        change,
        month
    from {{ relation }}
    where number_of_kind <= 2
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    user_id,
    position,
    kpi,
    value,
    percentile,
    peer_median,
    change,
    {{ digest_sentence() }} as sentence,
    month
from chosen
