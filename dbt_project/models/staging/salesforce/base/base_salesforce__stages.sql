-- Stages that opportunities are or were in, one row per stage: those of the picklist, active or not, in its
-- order, then those that were deleted from it and are still in records or their history.
--
-- What a deleted stage was is inferred: it was closed or won if opportunities in it are, or if history counts
-- it as closed, which Salesforce says of won stages only.
with opportunity_stages as (
    select * from {{ ref('base_salesforce__opportunity_stages') }}
),

labels as (
    select * from {{ ref('base_salesforce__stage_labels') }}
),

opportunities as (
    select * from {{ ref('base_salesforce__opportunities') }}
),

opportunity_history as (
    select * from {{ ref('base_salesforce__opportunity_history') }}
),

known as (
    select
        master_label as stage,
        false as is_inferred,
        try_cast(sort_order as bigint) as sort_order,
        coalesce(try_cast(is_active as boolean), true) and not is_deleted as is_active,
        coalesce(try_cast(is_closed as boolean), false) as is_closed,
        coalesce(try_cast(is_won as boolean), false) as is_won,
        try_cast(default_probability as decimal(18, 6)) * 0.01 as probability,
        forecast_category_name as forecast_category
    from opportunity_stages
    where master_label is not null
    qualify row_number() over (
        partition by master_label
        order by
            is_deleted,
            not coalesce(try_cast(is_active as boolean), true),
            try_cast(sort_order as bigint) nulls last,
            id
    ) = 1
),

used as (
    select
        stage_name,
        coalesce(bool_or(try_cast(is_closed as boolean)), false) as is_closed,
        coalesce(bool_or(try_cast(is_won as boolean)), false) as is_won,
        max(forecast_category_name) as forecast_category
    from opportunities
    where stage_name is not null
    group by stage_name
    union all
    select
        stage_name,
        bool_or(coalesce(forecast_category = 'Closed', false)) as is_closed,
        bool_or(coalesce(forecast_category = 'Closed', false)) as is_won,
        max({{ salesforce_forecast_category('forecast_category') }}) as forecast_category
    from opportunity_history
    where stage_name is not null
    group by stage_name
),

inferred as (
    select
        used.stage_name as stage,
        true as is_inferred,
        null as sort_order,
        false as is_active,
        bool_or(used.is_closed) as is_closed,
        bool_or(used.is_won) as is_won,
        null as probability,
        max(used.forecast_category) as forecast_category
    from used
    left join labels
        on used.stage_name = labels.stage_name
    left join known
        on used.stage_name = known.stage
    where
        labels.stage_name is null
        and known.stage is null
    group by used.stage_name
),

stages as (
    select * from known
    union all
    select * from inferred
)

select
    *,
    row_number() over (order by is_inferred, sort_order nulls last, not is_active, stage) as position
from stages
