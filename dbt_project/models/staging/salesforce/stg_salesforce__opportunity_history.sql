-- Changes of opportunities, one row per change, with the values after it: OpportunityHistory, which has stage,
-- amount and close date after each change of one of them, together with OpportunityFieldHistory, which alone
-- knows owners.
--
-- Values that a change does not name are those before it: of the change before, else the old value that the
-- next change of that field names, else what the next change says, else the opportunity's own. Changes of one
-- second are one change. Where there is field history only, a first row is put at the opportunity's creation.
with opportunity_history as (
    select * from {{ ref('base_salesforce__opportunity_history') }}
    where not is_deleted
),

opportunity_field_history as (
    select * from {{ ref('base_salesforce__opportunity_field_history') }}
    where not is_deleted
),

opportunities as (
    select * from {{ ref('base_salesforce__opportunities') }}
),

users as (
    select * from {{ ref('base_salesforce__users') }}
),

stage_labels as (
    select * from {{ ref('base_salesforce__stage_labels') }}
),

-- A value that is known to be null is a record of null; null itself is a value that nobody named.
snapshots as (
    select
        opportunity_id,
        coalesce({{ salesforce_moment('created_date') }}, timestamp '9999-12-31') as changed_at,
        stage_name,
        {{ record_of({'value': 'try_cast(amount as decimal(18, 4))'}) }} as amount,
        {{ record_of({'value': salesforce_day('close_date')}) }} as close_date,
        {{ salesforce_forecast_category('forecast_category') }} as forecast_category,
        created_by_id as changed_by,
        {{ unreadable({
            'changed_at': ['created_date', salesforce_moment('created_date')],
            'amount': ['amount', 'try_cast(amount as decimal(18, 4))'],
            'close_date': ['close_date', salesforce_day('close_date')],
        }) }} as unreadable
    from opportunity_history
    qualify row_number() over (partition by opportunity_id, changed_at order by id desc) = 1
),

-- Ids of 15 characters stand for those of 18 that begin with them. A change of owner comes twice, as names
-- and as ids.
field_values as (
    select
        opportunity_field_history.id,
        opportunity_field_history.opportunity_id,
        {{ salesforce_moment('opportunity_field_history.created_date') }} as changed_at,
        opportunity_field_history.created_by_id as changed_by,
        case opportunity_field_history.field
            when 'Owner' then 'owner'
            when 'OwnerId' then 'owner'
            when 'Amount' then 'amount'
            when 'CloseDate' then 'close_date'
            when 'StageName' then 'stage_name'
        end as field,
        coalesce(old_owners.id, opportunity_field_history.old_value) as old_value,
        coalesce(new_owners.id, opportunity_field_history.new_value) as new_value,
        {{ record_of({
            'value': 'try_cast(opportunity_field_history.old_value as decimal(18, 4))'
        }) }} as old_amount,
        {{ record_of({
            'value': 'try_cast(opportunity_field_history.new_value as decimal(18, 4))'
        }) }} as new_amount,
        {{ record_of({'value': salesforce_day('opportunity_field_history.old_value')}) }} as old_day,
        {{ record_of({'value': salesforce_day('opportunity_field_history.new_value')}) }} as new_day
    from opportunity_field_history
    left join users as old_owners
        on left(opportunity_field_history.old_value, 15) = left(old_owners.id, 15)
    left join users as new_owners
        on left(opportunity_field_history.new_value, 15) = left(new_owners.id, 15)
    where
        opportunity_field_history.field in ('Amount', 'CloseDate', 'StageName')
        or (
            opportunity_field_history.field in ('Owner', 'OwnerId')
            and opportunity_field_history.new_value like '005%'
            and length(opportunity_field_history.new_value) in (15, 18)
        )
),

field_changes as (
    select
        opportunity_id,
        changed_at,
        max(changed_by) as changed_by,
        {{ last_by('new_value', 'id', "field = 'owner'") }} as owner_id,
        {{ last_by('new_value', 'id', "field = 'stage_name'") }} as stage_name,
        {{ last_by('new_amount', 'id', "field = 'amount'") }} as amount,
        {{ last_by('new_day', 'id', "field = 'close_date'") }} as close_date,
        max(case
            when field = 'amount' and (new_amount).value is null and new_value <> ''
                then 'amount: ' || new_value
            when field = 'close_date' and (new_day).value is null and new_value <> ''
                then 'close_date: ' || new_value
        end) as unreadable
    from field_values
    group by opportunity_id, changed_at
),

-- What the tracked fields were before their first change that is known.
first_values as (
    select
        opportunity_id,
        {{ first_by('old_value', '(changed_at, id)', "field = 'owner'") }} as owner_id,
        {{ first_by('old_value', '(changed_at, id)', "field = 'stage_name'") }} as stage_name,
        {{ first_by('old_amount', '(changed_at, id)', "field = 'amount'") }} as amount,
        {{ first_by('old_day', '(changed_at, id)', "field = 'close_date'") }} as close_date
    from field_values
    group by opportunity_id
),

creations as (
    select
        first_values.opportunity_id,
        {{ salesforce_moment('opportunities.created_date') }} as changed_at
    from first_values
    inner join opportunities
        on first_values.opportunity_id = opportunities.id
    left join snapshots
        on first_values.opportunity_id = snapshots.opportunity_id
    where snapshots.opportunity_id is null
),

moments as (
    select
        snapshots.opportunity_id,
        snapshots.changed_at
    from snapshots
    where
        exists (
            select 1 from first_values
            where first_values.opportunity_id = snapshots.opportunity_id
        )
    union
    select
        opportunity_id,
        changed_at
    from field_changes
    union
    select
        opportunity_id,
        changed_at
    from creations
),

named as (
    select
        moments.opportunity_id,
        moments.changed_at,
        field_changes.owner_id,
        coalesce(snapshots.stage_name, field_changes.stage_name) as stage_name,
        coalesce(snapshots.amount, field_changes.amount) as amount,
        coalesce(snapshots.close_date, field_changes.close_date) as close_date,
        snapshots.forecast_category,
        coalesce(snapshots.changed_by, field_changes.changed_by) as changed_by,
        coalesce(snapshots.unreadable, field_changes.unreadable) as unreadable
    from moments
    left join snapshots
        on
            moments.opportunity_id = snapshots.opportunity_id
            and moments.changed_at = snapshots.changed_at
    left join field_changes
        on
            moments.opportunity_id = field_changes.opportunity_id
            and moments.changed_at = field_changes.changed_at
),

carried as (
    select
        named.opportunity_id,
        named.changed_at,
        coalesce({{ last_known('named.owner_id') }} over so_far, first_values.owner_id) as owner_id,
        coalesce(
            {{ last_known('named.stage_name') }} over so_far,
            first_values.stage_name,
            {{ first_known('named.stage_name') }} over from_here
        ) as stage_name,
        coalesce(
            {{ last_known('named.amount') }} over so_far,
            first_values.amount,
            {{ first_known('named.amount') }} over from_here
        ) as amount,
        coalesce(
            {{ last_known('named.close_date') }} over so_far,
            first_values.close_date,
            {{ first_known('named.close_date') }} over from_here
        ) as close_date,
        coalesce(
            {{ last_known('named.forecast_category') }} over so_far,
            {{ first_known('named.forecast_category') }} over from_here
        ) as forecast_category,
        named.changed_by,
        named.unreadable
    from named
    inner join first_values
        on named.opportunity_id = first_values.opportunity_id
    window
        so_far as (
            partition by named.opportunity_id order by named.changed_at
            rows between unbounded preceding and current row
        ),
        from_here as (
            partition by named.opportunity_id order by named.changed_at
            rows between current row and unbounded following
        )
),

-- Most opportunities have no tracked change: their history is as it came.
changes as (
    select * from carried
    union all
    select
        snapshots.opportunity_id,
        snapshots.changed_at,
        cast(null as string) as owner_id,
        snapshots.stage_name,
        snapshots.amount,
        snapshots.close_date,
        snapshots.forecast_category,
        snapshots.changed_by,
        snapshots.unreadable
    from snapshots
    where
        not exists (
            select 1 from first_values
            where first_values.opportunity_id = snapshots.opportunity_id
        )
)

select
    {{ source_id('salesforce', 'changes.opportunity_id') }} as opportunity_id,
    {{ source_id('salesforce', 'coalesce(changes.owner_id, opportunities.owner_id)') }} as owner_id,
    {{ source_id('salesforce', 'changes.changed_by') }} as changed_by,
    {{ source_id('salesforce', "'default'") }} as pipeline,
    coalesce(stage_labels.stage, changes.stage_name, own_labels.stage, opportunities.stage_name) as stage,
    changes.forecast_category,
    changes.unreadable,
    case
        when changes.amount is null then try_cast(opportunities.amount as decimal(18, 4))
        else (changes.amount).value
    end as amount,
    case
        when changes.close_date is null then {{ salesforce_day('opportunities.close_date') }}
        else (changes.close_date).value
    end as close_date,
    changes.changed_at
from changes
left join opportunities
    on changes.opportunity_id = opportunities.id
left join stage_labels
    on changes.stage_name = stage_labels.stage_name
left join stage_labels as own_labels
    on opportunities.stage_name = own_labels.stage_name
