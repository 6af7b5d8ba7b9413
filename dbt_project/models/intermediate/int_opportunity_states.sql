-- The states of each opportunity: from valid_from (inclusive) to valid_to (exclusive, null for the last
-- one). `origin` says where a state comes from: `recorded` in the history, `assumed` because the
-- opportunity's record is newer than its history and disagrees, `inferred` from the record of an
-- opportunity with no history.
--
-- One sort serves all: the current record of each opportunity is put after the last row of its history, so
-- that the row before it is the last recorded change, if there is any.
with opportunities as (
    select * from {{ ref('int_opportunities') }}
),

history as (
    select * from {{ ref('int_opportunity_history_unioned') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

changes as (
    select
        opportunities.opportunity_key,
        coalesce(history.owner_id, opportunities.owner_id) as owner_id,
        stages.stage_key,
        history.amount,
        {{ forecast_category('history.forecast_category') }} as forecast_category,
        false as is_current_record,
        history.close_date,
        history.changed_at as valid_from
    from history
    inner join opportunities
        on history.opportunity_id = opportunities.opportunity_id
    inner join stages
        on
            coalesce(history.pipeline, opportunities.pipeline) = stages.pipeline
            and history.stage = stages.stage
    where history.changed_at <= {{ as_of() }}
),

current_records as (
    select
        opportunity_key,
        owner_id,
        stage_key,
        amount,
        -- The record has none: the stage's counts.
        null as forecast_category,
        true as is_current_record,
        close_date,
        case when updated_at <= {{ as_of() }} then updated_at end as valid_from
    from opportunities
),

records as (
    select * from changes
    union all
    select * from current_records
),

dated_records as (
    select
        records.*,
        local_days.local_day as from_day
    from records
    left join local_days
        on {{ in_local_day('records.valid_from', 'local_days') }}
),

neighbours as (
    select
        *,
        lag(stage_key) over record_order as previous_stage_key,
        lag(valid_from) over record_order as previous_valid_from,
        lead(stage_key) over record_order as next_stage_key,
        lead(valid_from) over record_order as next_valid_from,
        lead(from_day) over record_order as next_from_day,
        lead(is_current_record) over record_order as is_last_change
    from dated_records
    window record_order as (partition by opportunity_key order by is_current_record, valid_from)
),

-- The current record is a state of its own only where it is later than the last change and disagrees with it.
from_history as (
    select
        opportunity_key,
        stage_key,
        previous_stage_key,
        owner_id,
        case when is_current_record then 'assumed' else 'recorded' end as origin,
        amount,
        forecast_category,
        close_date,
        from_day,
        valid_from,
        not is_last_change or (next_valid_from > valid_from and next_stage_key <> stage_key) as is_followed,
        next_from_day,
        next_valid_from
    from neighbours
    where
        not is_current_record
        or (valid_from > previous_valid_from and stage_key <> previous_stage_key)
),

without_history as (
    select
        opportunities.*,
        stages.is_closed,
        stages.first_open_stage_key,
        -- least and greatest pass over nulls.
        greatest(
            opportunities.created_at,
            least({{ local_midnight('opportunities.close_date') }}, opportunities.updated_at)
        ) as closed_from
    from neighbours
    inner join opportunities
        on neighbours.opportunity_key = opportunities.opportunity_key
    inner join stages
        on opportunities.stage_key = stages.stage_key
    where
        neighbours.is_current_record
        and neighbours.previous_stage_key is null
),

inferred as (
    select
        without_history.*,
        without_history.is_closed
        and without_history.closed_from <= {{ as_of() }} as is_closed_by_now,
        not without_history.is_closed
        or (
            without_history.closed_from > without_history.created_at
            and without_history.first_open_stage_key is not null
        ) as has_open_state,
        local_days.local_day as closed_from_day
    from without_history
    left join local_days
        on {{ in_local_day('without_history.closed_from', 'local_days') }}
),

inferred_open as (
    select
        opportunity_key,
        case when is_closed then first_open_stage_key else stage_key end as stage_key,
        null as previous_stage_key,
        owner_id,
        'inferred' as origin,
        amount,
        null as forecast_category,
        close_date,
        created_on as from_day,
        created_at as valid_from,
        is_closed_by_now as is_followed,
        closed_from_day as next_from_day,
        closed_from as next_valid_from
    from inferred
    where has_open_state
),

inferred_closed as (
    select
        opportunity_key,
        stage_key,
        case when has_open_state then first_open_stage_key end as previous_stage_key,
        owner_id,
        'inferred' as origin,
        amount,
        null as forecast_category,
        close_date,
        closed_from_day as from_day,
        closed_from as valid_from,
        false as is_followed,
        null as next_from_day,
        null as next_valid_from
    from inferred
    where is_closed_by_now
),

states as (
    select * from from_history
    union all
    select * from inferred_open
    union all
    select * from inferred_closed
)

select
    opportunity_key,
    stage_key,
    previous_stage_key,
    owner_id,
    origin,
    amount,
    forecast_category,
    close_date,
    from_day,
    case when is_followed then next_from_day end as to_day,
    valid_from,
    case when is_followed then next_valid_from end as valid_to
from states
