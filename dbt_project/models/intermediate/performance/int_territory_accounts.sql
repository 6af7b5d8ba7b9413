-- Accounts at the end of each period by territory, which is that of their owner then. Accounts have no history: past
-- counts go by the owners of today.
with accounts as (
    select * from {{ ref('dim_account') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

periods as (
    select
        *,
        least(period_end, {{ as_of_day() }}) as last_day
    from {{ ref('int_periods') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

owner_months as (
    select
        accounts.owner_id,
        -- What is older than the calendar, or of no known age, is there from the beginning.
        coalesce({{ month_index('local_days.local_day') }}, 0) as created_month,
        count(*) as account_count
    from accounts
    left join local_days
        on {{ in_local_day('accounts.created_at', 'local_days') }}
    group by accounts.owner_id, coalesce({{ month_index('local_days.local_day') }}, 0)
),

owner_periods as (
    select
        periods.period_type,
        periods.period_start,
        periods.last_day,
        owner_months.owner_id,
        sum(owner_months.account_count) as account_count
    from owner_months
    inner join periods
        on owner_months.created_month <= periods.last_month
    group by periods.period_type, periods.period_start, periods.last_day, owner_months.owner_id
)

select
    owner_periods.period_type,
    owner_periods.period_start,
    versions.territory,
    cast(sum(owner_periods.account_count) as integer) as account_count
from owner_periods
inner join versions
    on
        owner_periods.owner_id = versions.user_id
        and owner_periods.last_day between versions.valid_from and versions.valid_to
group by owner_periods.period_type, owner_periods.period_start, versions.territory
