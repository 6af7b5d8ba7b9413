-- How open pipeline went from the start of each month to its end, in constant currency: the rate of the
-- day of created_at. A state that holds at both ends of a month changes nothing; only the first month of
-- each state that reaches a boundary has a flow.
{% set flows = [
    'created', 'reopened', 'increased', 'decreased', 'transferred_in', 'transferred_out', 'won', 'lost',
] %}
{% set keys = ['month_index', 'pipeline_key', 'owner_id'] %}

with month_states as (
    select * from {{ ref('int_opportunity_month_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

pipelines as (
    select distinct
        pipeline_key,
        pipeline
    from stages
),

valued as (
    select
        opportunity_key,
        pipeline_key,
        owner_id,
        first_boundary,
        last_boundary,
        is_open,
        is_won,
        coalesce({{ base_amount('amount', 'currency', 'rate_at_creation') }}, 0) as amount
    from month_states
),

-- 0 is the start of the month, 1 its end. State 0 is null for an opportunity created in the month.
pairs as (
    select
        first_boundary - 1 as month_index,
        last_boundary,
        pipeline_key as pipeline_1,
        owner_id as owner_1,
        is_open as is_open_1,
        is_won as is_won_1,
        amount as amount_1,
        lag(pipeline_key) over state_order as pipeline_0,
        lag(owner_id) over state_order as owner_0,
        lag(is_open) over state_order as is_open_0,
        lag(amount) over state_order as amount_0
    from valued
    window state_order as (partition by opportunity_key order by first_boundary)
),

changes as (
    select
        *,
        is_open_0 is null as is_created,
        coalesce(is_open_0, false) as was_open,
        coalesce(is_open_0 and (pipeline_0 <> pipeline_1 or owner_0 <> owner_1), false) as is_transferred
    from pairs
),

at_end_owner as (
    select
        month_index,
        pipeline_1 as pipeline_key,
        owner_1 as owner_id,
        sum(amount_1) filter (where is_created) as created,
        sum(amount_1) filter (where not is_created and not was_open and is_open_1) as reopened,
        sum(greatest(amount_1 - amount_0, 0)) filter (where was_open) as increased,
        sum(greatest(amount_0 - amount_1, 0)) filter (where was_open) as decreased,
        sum(amount_0) filter (where is_transferred) as transferred_in,
        sum(amount_1) filter (where (was_open or is_created) and not is_open_1 and is_won_1) as won,
        sum(amount_1) filter (where (was_open or is_created) and not is_open_1 and not is_won_1) as lost,
        sum(amount_1) filter (where is_open_1) as closing
    from changes
    group by month_index, pipeline_1, owner_1
),

at_start_owner as (
    select
        month_index,
        pipeline_0 as pipeline_key,
        owner_0 as owner_id,
        sum(amount_0) as opening,
        sum(amount_0) filter (where is_transferred) as transferred_out
    from changes
    where was_open
    group by month_index, pipeline_0, owner_0
),

-- Summed before they are exploded: states with the same first and last boundary share their months.
lasting as (
    select
        pipeline_1 as pipeline_key,
        owner_1 as owner_id,
        month_index + 1 as first_boundary,
        last_boundary,
        sum(amount_1) as amount
    from changes
    where
        is_open_1
        and last_boundary > month_index + 1
    group by pipeline_1, owner_1, month_index, last_boundary
),

unchanged as (
    select
        lasting.pipeline_key,
        lasting.owner_id,
        lasting.amount as opening,
        lasting.amount as closing,
        {{ explode_integers(
            'greatest(lasting.first_boundary, first_event.first_month)', 'lasting.last_boundary - 1'
        ) }} as month_index
    from lasting
    cross join first_event
    where first_event.first_month is not null
),

parts as (
    {{ union_by_name({
        'at_end_owner': keys + [
            'created', 'reopened', 'increased', 'decreased', 'transferred_in', 'won', 'lost', 'closing'
        ],
        'at_start_owner': keys + ['opening', 'transferred_out'],
        'unchanged': keys + ['opening', 'closing'],
    }) }}
),

summed as (
    select
        pipeline_key,
        owner_id,
        {% for measure in ['opening'] + flows + ['closing'] %}
        cast(coalesce(sum({{ measure }}), 0) as decimal(18, 2)) as {{ measure }},
        {% endfor %}
        month_index
    from parts
    group by month_index, pipeline_key, owner_id
)

select
    pipelines.pipeline,
    summed.owner_id,
    {% for measure in ['opening'] + flows + ['closing'] %}
    summed.{{ measure }},
    {% endfor %}
    {{ month_start('summed.month_index') }} as month
from summed
inner join pipelines
    on summed.pipeline_key = pipelines.pipeline_key
inner join first_event
    on summed.month_index >= first_event.first_month
where
    summed.opening <> 0
    or summed.closing <> 0
    {% for flow in flows %}
    or summed.{{ flow }} <> 0
    {% endfor %}
