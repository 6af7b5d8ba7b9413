-- How each rep finds business: touches, calls, meetings, and what came of the opportunities that they sourced.
{% set channels = {'email': 'email', 'social': 'social', 'call': 'call_touch', 'visit': 'visit'} %}
{% set grain = ['user_id', 'month_index'] %}
{% set parts = {
    'touched': ['email_count', 'social_count', 'call_touch_count', 'visit_count', 'touch_count', 'replied_count'],
    'called': ['outbound_calls', 'connected_calls'],
    'met': ['meetings_held_count', 'no_show_count'],
    'created': ['sourced_count', 'sourced_amount'],
    'won': ['sourced_won_count', 'sourced_won_amount'],
} %}

with touches as (
    select * from {{ ref('int_touches') }}
    where not is_automated
),

rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

meetings as (
    select * from {{ ref('int_meetings') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

records as (
    select * from {{ ref('int_opportunities_unioned') }}
),

leads as (
    select * from {{ ref('int_leads') }}
    where opportunity_id is not null
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

touched as (
    select
        user_id,
        {{ month_index('sent_on') }} as month_index,
        {% for channel, name in channels.items() %}
        count(*) filter (where channel = '{{ channel }}') as {{ name }}_count,
        {% endfor %}
        count(*) as touch_count,
        count(*) filter (where is_replied) as replied_count
    from touches
    group by user_id, {{ month_index('sent_on') }}
),

called as (
    select
        user_id,
        {{ month_index('date_day') }} as month_index,
        sum(outbound_calls) as outbound_calls,
        sum(connected_calls) as connected_calls
    from rep_days
    group by user_id, {{ month_index('date_day') }}
),

met as (
    select
        user_id,
        {{ month_index('started_on') }} as month_index,
        count(*) filter (where status = 'held') as meetings_held_count,
        count(*) filter (where status = 'no_show') as no_show_count
    from meetings
    group by user_id, {{ month_index('started_on') }}
),

first_leads as (
    select
        opportunity_id,
        owner_id
    from leads
    qualify row_number() over (partition by opportunity_id order by created_at, lead_id) = 1
),

-- Who found an opportunity: as it says itself, or else whose its first lead was.
sourced as (
    select
        coalesce(records.sourced_by_id, first_leads.owner_id) as user_id,
        opportunities.status,
        opportunities.created_amount,
        opportunities.won_amount,
        opportunities.first_state_on,
        opportunities.closed_on,
        first_event.first_event_on
    from opportunities
    inner join records
        on opportunities.opportunity_id = records.opportunity_id
    left join first_leads
        on opportunities.opportunity_id = first_leads.opportunity_id
    cross join first_event
    where coalesce(records.sourced_by_id, first_leads.owner_id) is not null
),

created as (
    select
        user_id,
        {{ month_index('first_state_on') }} as month_index,
        count(*) as sourced_count,
        sum(created_amount) as sourced_amount
    from sourced
    where first_state_on >= first_event_on
    group by user_id, {{ month_index('first_state_on') }}
),

won as (
    select
        user_id,
        {{ month_index('closed_on') }} as month_index,
        count(*) as sourced_won_count,
        sum(won_amount) as sourced_won_amount
    from sourced
    where
        status = 'won'
        and closed_on >= first_event_on
    group by user_id, {{ month_index('closed_on') }}
),

{% set columns_by_part = {} %}
{% for part, columns in parts.items() %}
{% do columns_by_part.update({part: grain + columns}) %}
{% endfor %}
all_parts as (
    {{ union_by_name(columns_by_part) }}
),

summed as (
    select
        {% for columns in parts.values() %}
        {% for column in columns %}
        coalesce(sum({{ column }}), 0) as {{ column }},
        {% endfor %}
        {% endfor %}
        user_id,
        month_index
    from all_parts
    group by user_id, month_index
)

select
    user_id,
    {% for columns in parts.values() %}
    {% for column in columns %}
    {% if column == 'replied_count' %}
    cast(replied_count as integer) as replied_count,
    {{ ratio('replied_count', 'touch_count') }} as reply_rate,
    {% elif column == 'no_show_count' %}
    cast(no_show_count as integer) as no_show_count,
    {{ ratio('no_show_count', 'meetings_held_count + no_show_count') }} as no_show_rate,
    {% else %}
    cast({{ column }} as {{ 'decimal(18, 2)' if column.endswith('_amount') else 'integer' }}) as {{ column }},
    {% endif %}
    {% endfor %}
    {% endfor %}
    {{ month_start('month_index') }} as month
from summed
where
    {% for columns in parts.values() %}
    {% set is_first = loop.first %}
    {% for column in columns %}
    {{ 'or ' if not (is_first and loop.first) }}{{ column }} <> 0
    {% endfor %}
    {% endfor %}
