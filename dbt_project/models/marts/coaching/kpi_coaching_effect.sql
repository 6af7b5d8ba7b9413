-- What changed in the 60 days after each coaching session and course, beyond what changed for the others in the team
-- who had none.
{% set totals = coaching_totals() %}
{# The spans that are compared, by the days before the event at whose ends they begin and end. #}
{% set spans = {'earlier': [-121, -61], 'before': [-61, -1], 'after': [0, 60]} %}
{% set event = ['event_kind', 'event_id', 'user_id', 'event_on'] %}

with all_events as (
    select * from {{ ref('int_coaching_events') }}
),

running_totals as (
    select * from {{ ref('int_rep_running_totals') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

working_days as (
    select * from {{ ref('int_working_days') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

-- Those after which 60 days are over.
events as (
    select
        all_events.*,
        versions.team
    from all_events
    inner join versions
        on
            all_events.user_id = versions.user_id
            and all_events.event_on between versions.valid_from and versions.valid_to
    where all_events.event_on + 60 < {{ as_of_day() }}
),

event_days as (
    select
        user_id,
        event_on,
        count(*) as event_count
    from all_events
    group by user_id, event_on
),

event_counts as (
    select
        {% for column in event %}
        events.{{ column }},
        {% endfor %}
        sum(event_days.event_count) as event_count
    from events
    inner join event_days
        on
            events.user_id = event_days.user_id
            and event_days.event_on between events.event_on - 60 and events.event_on + 60
    group by events.event_kind, events.event_id, events.user_id, events.event_on
),

-- Whom an event is compared with: the team of the day, of those who had none.
team_days as (
    select distinct
        team,
        event_on
    from events
    where team <> 'unassigned'
),

peers as (
    select
        team_days.team,
        team_days.event_on,
        versions.user_id
    from team_days
    inner join versions
        on
            team_days.team = versions.team
            and team_days.event_on between versions.valid_from and versions.valid_to
    inner join users
        on
            versions.user_id = users.user_id
            and coalesce(team_days.event_on >= users.hired_on, true)
            and coalesce(team_days.event_on <= users.left_on, true)
    where not exists (
        select 1
        from event_days
        where
            event_days.user_id = versions.user_id
            and event_days.event_on between team_days.event_on - 60 and team_days.event_on + 60
    )
),

-- Nobody has a total from before the first one.
measured_days as (
    select
        user_id,
        event_on
    from events
    union
    select
        user_id,
        event_on
    from peers
),

measured_ends as (
    {% for span, days in spans.items() %}
    {% for end, day in [('start', days[0]), ('end', days[1])] %}
    select
        user_id,
        event_on,
        '{{ span }}_{{ end }}' as span_end,
        event_on + ({{ day }}) as date_day
    from measured_days
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- By the numbers of the working days: those up to the day, and up to the ends of the employment.
worked as (
    select
        measured_ends.user_id,
        measured_ends.event_on,
        measured_ends.span_end,
        measured_ends.date_day,
        case
            when users.user_id is null or users.hired_on > measured_ends.date_day then 0
            else greatest(
                case
                    when users.left_on < measured_ends.date_day then coalesce(last_days.working_day_number, 0)
                    else working_days.working_day_number
                end - coalesce(days_before.working_day_number, 0),
                0
            )
        end as working_day_count
    from measured_ends
    inner join working_days
        on measured_ends.date_day = working_days.date_day
    left join users
        on measured_ends.user_id = users.user_id
    left join working_days as days_before
        on users.hired_on - 1 = days_before.date_day
    left join working_days as last_days
        on users.left_on = last_days.date_day
),

-- The totals are joined once. DuckDB put six joins on rep and day together by the rep first: 20 GB for 1,500 rows.
measured as (
    select
        worked.user_id,
        {% for span in spans %}
        {% for total in totals %}
        {% set relation = 'worked' if total == 'working_day_count' else 'running_totals' %}
        max({{ relation }}.{{ total }}) filter (where worked.span_end = '{{ span }}_end')
        - max({{ relation }}.{{ total }}) filter (where worked.span_end = '{{ span }}_start')
            as {{ span }}_{{ total }},
        {% endfor %}
        {% endfor %}
        worked.event_on
    from worked
    inner join running_totals
        on
            worked.user_id = running_totals.user_id
            and worked.date_day between running_totals.from_day and running_totals.to_day
    group by worked.user_id, worked.event_on
    having count(*) = {{ 2 * (spans | length) }}
),

pooled as (
    select
        peers.team,
        {% for span in spans %}
        {% for total in totals %}
        sum(measured.{{ span }}_{{ total }}) as {{ span }}_{{ total }},
        {% endfor %}
        {% endfor %}
        peers.event_on
    from peers
    inner join measured
        on
            peers.user_id = measured.user_id
            and peers.event_on = measured.event_on
    group by peers.team, peers.event_on
),

-- The rep of an event is none of the peers: they had none.
compared as (
    {% for name, kpi in coached_kpis().items() %}
    select
        {% for column in event %}
        events.{{ column }},
        {% endfor %}
        {% for prefix, relation in {'': 'measured', 'peer_': 'pooled'}.items() %}
        {% for span in spans %}
        coalesce({{ relation }}.{{ span }}_{{ kpi.whole }}, 0) as {{ prefix }}n_{{ span }},
        {{ ratio(relation ~ '.' ~ span ~ '_' ~ kpi.part, relation ~ '.' ~ span ~ '_' ~ kpi.whole) }}
            as {{ prefix }}{{ span }},
        {% endfor %}
        {% endfor %}
        '{{ name }}' as kpi,
        {{ kpi.least }} as least_count,
        event_counts.event_count > 1 as is_overlapping
    from events
    inner join measured
        on
            events.user_id = measured.user_id
            and events.event_on = measured.event_on
    inner join event_counts
        on
            events.event_kind = event_counts.event_kind
            and events.event_id = event_counts.event_id
            and events.user_id = event_counts.user_id
            and events.event_on = event_counts.event_on
    left join pooled
        on
            events.team = pooled.team
            and events.event_on = pooled.event_on
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    event_kind,
    event_id,
    user_id,
    kpi,
    {% for name in ['before', 'after', 'peer_before', 'peer_after'] %}
    {{ name }},
    {% endfor %}
    {% for name in ['n_before', 'n_after', 'peer_n_before', 'peer_n_after'] %}
    cast({{ name }} as integer) as {{ name }},
    {% endfor %}
    case
        when least(n_before, n_after, peer_n_before, peer_n_after) >= least_count
            then (after - before) - (peer_after - peer_before)
    end as effect,
    case
        when least(n_earlier, n_before, peer_n_earlier, peer_n_before) >= least_count
            then (before - earlier) - (peer_before - peer_earlier)
    end as pre_trend,
    is_overlapping,
    event_on
from compared
