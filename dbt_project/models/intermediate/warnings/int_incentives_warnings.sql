-- Warnings on what people are paid by. Rules on shares, assignments and tiers name what they found.
with shares as (
    select * from {{ ref('int_opportunity_shares') }}
),

assignments as (
    select * from {{ ref('int_comp_assignments_unioned') }}
    where not is_deleted
),

plans as (
    select * from {{ ref('int_compensation_plans') }}
),

pay_periods as (
    select * from {{ ref('int_pay_periods') }}
),

spiff_credits as (
    select * from {{ ref('int_spiff_credits') }}
),

splits_not_one as (
    select opportunity_id as subject
    from shares
    where not adds_up
),

preceded as (
    select
        *,
        max(coalesce(valid_to, {{ end_of_time() }})) over (
            partition by user_id
            order by valid_from
            rows between unbounded preceding and 1 preceding
        ) as last_day_before
    from assignments
),

overlapping_assignments as (
    select user_id as subject
    from preceded
    where last_day_before >= valid_from
),

unpayable_plans as (
    select plan_id as subject
    from plans
    where not is_payable
),

unknown_plans as (
    select
        'unknown_plan' as rule,
        'comp_assignments' as entity,
        'Rows whose plan is not there or deleted; nothing is paid by it.' as description,
        count(*) filter (where plans.plan_id is null) as row_count
    from assignments
    left join plans
        on assignments.plan_id = plans.plan_id
),

unvalued_caps as (
    select
        'amount_without_rate' as rule,
        'comp_plans' as entity,
        'Plans whose cap has no exchange rate on or before the end of a pay period; there it does not hold.'
            as description,
        count(distinct plans.plan_id) as row_count
    from pay_periods
    inner join plans
        on pay_periods.plan_id = plans.plan_id
    where
        plans.cap_amount is not null
        and pay_periods.cap_amount is null
),

unvalued_spiffs as (
    select
        'amount_without_rate' as rule,
        'spiffs' as entity,
        'Spiffs that have no exchange rate on or before the day of a deal that they pay for; they pay nothing for it.'
            as description,
        count(distinct spiff_id) filter (where spiff_amount is null) as row_count
    from spiff_credits
){% for entity in ['opportunity_splits', 'cancellations'] %},

{{ entity }} as (
    select * from {{ ref('int_' ~ entity ~ '_unioned') }}
    where not is_deleted
),

unknown_opportunities_of_{{ entity }} as (
    select
        'unknown_opportunity' as rule,
        '{{ entity }}' as entity,
        'Rows of no known opportunity; they are passed over.' as description,
        count(*) filter (where opportunities.opportunity_id is null) as row_count
    from {{ entity }}
    left join {{ ref('int_opportunities_unioned') }} as opportunities
        on {{ entity }}.opportunity_id = opportunities.opportunity_id
)
{%- endfor %}

{{ named_warnings(
    'split_not_one', 'opportunity_splits',
    'Opportunities whose shares do not add up to 1; the owner is credited with all.', 'splits_not_one'
) }}
union all
{{ named_warnings(
    'assignment_overlap', 'comp_assignments',
    'Users under several plans on a day; the assignment that began last counts.', 'overlapping_assignments'
) }}
union all
{{ named_warnings(
    'plan_tiers', 'comp_plans',
    'Plans with no tiers, or whose tiers do not rise strictly from 0, or whose rates fall; they pay nothing.',
    'unpayable_plans'
) }}
{% for counted in [
    'unknown_plans', 'unvalued_caps', 'unvalued_spiffs', 'unknown_opportunities_of_opportunity_splits',
    'unknown_opportunities_of_cancellations',
] %}
union all
select
    rule,
    entity,
    cast(null as string) as subject,
    description,
    row_count
from {{ counted }}
{% endfor %}
