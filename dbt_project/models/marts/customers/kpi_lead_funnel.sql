-- What becomes of the leads of each source and month, how soon they are answered, and what they cost.
{% set steps = ['touched', 'replied', 'met', 'converted', 'won'] %}
{% set target = "interval " ~ (var('lead_response_minutes') * 60) | round | int ~ " second" %}

with leads as (
    select * from {{ ref('int_leads') }}
),

touches as (
    select * from {{ ref('int_touches') }}
    where lead_id is not null
),

calls as (
    select * from {{ ref('int_calls') }}
    where
        direction = 'outbound'
        and lead_id is not null
),

meetings as (
    select * from {{ ref('int_meetings') }}
    where
        status = 'held'
        and lead_id is not null
),

won_opportunities as (
    select * from {{ ref('fct_opportunity') }}
    where status = 'won'
),

lead_fit as (
    select * from {{ ref('int_lead_fit_unioned') }}
    where not is_deleted
),

spend as (
    select * from {{ ref('int_spend') }}
    where category = 'marketing'
),

human_touches as (
    select
        lead_id,
        sent_at as touched_at
    from touches
    where not is_automated
    union all
    select
        lead_id,
        started_at as touched_at
    from calls
),

first_touches as (
    select
        leads.lead_id,
        min(human_touches.touched_at) as touched_at
    from leads
    inner join human_touches
        on
            leads.lead_id = human_touches.lead_id
            and leads.created_at <= human_touches.touched_at
    group by leads.lead_id
),

replied_leads as (
    select distinct lead_id
    from touches
    where is_replied
),

met_leads as (
    select distinct lead_id
    from meetings
),

followed as (
    select
        leads.source,
        {{ month_index('leads.created_on') }} as month_index,
        first_touches.lead_id is not null as is_touched,
        replied_leads.lead_id is not null as is_replied,
        met_leads.lead_id is not null as is_met,
        leads.is_converted,
        won_opportunities.opportunity_id is not null as is_won,
        lead_fit.is_ideal_profile,
        leads.created_at + {{ target }} <= {{ as_of() }} as is_old_enough,
        first_touches.touched_at <= leads.created_at + {{ target }} as is_within_target,
        {{ days_between('leads.created_at', 'first_touches.touched_at') }} * 1440 as minutes_to_touch
    from leads
    left join first_touches
        on leads.lead_id = first_touches.lead_id
    left join replied_leads
        on leads.lead_id = replied_leads.lead_id
    left join met_leads
        on leads.lead_id = met_leads.lead_id
    left join won_opportunities
        on leads.opportunity_id = won_opportunities.opportunity_id
    left join lead_fit
        on leads.lead_id = lead_fit.lead_id
),

-- Who was not touched ranks last.
placed as (
    select
        *,
        row_number() over (partition by source, month_index order by minutes_to_touch nulls last) as place,
        count(*) over (partition by source, month_index) as lead_count
    from followed
),

counted as (
    select
        source,
        month_index,
        count(*) as lead_count,
        {% for step in steps %}
        count(*) filter (where is_{{ step }}) as {{ step }}_count,
        {% endfor %}
        {{ middle_mean('minutes_to_touch', 'place', 'lead_count') }} as median_minutes_to_touch,
        {% set is_timely = 'is_old_enough and is_within_target' %}
        {{ ratio('count(*) filter (where ' ~ is_timely ~ ')', 'count(*) filter (where is_old_enough)') }}
            as within_target_rate,
        {{ ratio('count(*) filter (where is_ideal_profile)', 'count(is_ideal_profile)') }} as ideal_rate
    from placed
    group by source, month_index
),

spend_months as (
    select
        channel as source,
        {{ month_index('month') }} as month_index,
        sum(spend_amount) as spend_amount
    from spend
    group by channel, {{ month_index('month') }}
    having sum(spend_amount) <> 0
),

joined as (
    select
        coalesce(counted.source, spend_months.source) as source,
        coalesce(counted.month_index, spend_months.month_index) as month_index,
        {% for name in ['lead'] + steps %}
        coalesce(counted.{{ name }}_count, 0) as {{ name }}_count,
        {% endfor %}
        counted.median_minutes_to_touch,
        counted.within_target_rate,
        counted.ideal_rate,
        coalesce(spend_months.spend_amount, 0) as spend_amount
    from counted
    full outer join spend_months
        on
            counted.source = spend_months.source
            and counted.month_index = spend_months.month_index
)

select
    source,
    {% for name in ['lead'] + steps %}
    cast({{ name }}_count as integer) as {{ name }}_count,
    {% endfor %}
    {% for step in steps %}
    {{ ratio(step ~ '_count', 'lead_count') }} as {{ step }}_rate,
    {% endfor %}
    median_minutes_to_touch,
    within_target_rate,
    ideal_rate,
    cast(spend_amount as decimal(18, 2)) as spend_amount,
    {{ ratio('spend_amount', 'lead_count') }} as cost_per_lead,
    {{ ratio('spend_amount', 'won_count') }} as cost_per_won,
    {{ month_start('month_index') }} as month
from joined
