-- Quotas of Collaborative Forecasts in money, one row each.
--
-- An organisation can forecast the same deals in several ways (revenue, splits, product families), each with
-- quotas of its own. Only one of them counts as bookings, or a rep's quota would be a multiple: the type
-- OpportunityRevenue, where there is none of it the first by name. The others have the metric of their name.
with forecasting_quotas as (
    select * from {{ ref('base_salesforce__forecasting_quotas') }}
    -- The others count pieces.
    where coalesce(try_cast(is_amount as boolean), true)
),

forecasting_types as (
    select * from {{ ref('base_salesforce__forecasting_types') }}
),

periods as (
    select * from {{ ref('base_salesforce__periods') }}
),

ranked_types as (
    select
        used_types.forecasting_type_id,
        coalesce(forecasting_types.developer_name, used_types.forecasting_type_id) as type_name,
        row_number() over (
            order by
                forecasting_types.developer_name is distinct from 'OpportunityRevenue',
                forecasting_types.developer_name nulls last,
                used_types.forecasting_type_id nulls last
        ) as type_rank
    from (select distinct forecasting_type_id from forecasting_quotas) as used_types
    left join forecasting_types
        on used_types.forecasting_type_id = forecasting_types.id
),

typed as (
    select
        forecasting_quotas.*,
        case when ranked_types.type_rank > 1 then ranked_types.type_name else 'bookings' end as metric,
        coalesce(
            {{ salesforce_day('periods.start_date') }}, {{ salesforce_day('forecasting_quotas.start_date') }}
        ) as period_start,
        {{ salesforce_day('periods.end_date') }} as period_end
    from forecasting_quotas
    left join ranked_types
        on forecasting_quotas.forecasting_type_id is not distinct from ranked_types.forecasting_type_id
    left join periods
        on forecasting_quotas.period_id = periods.id
)

select
    {{ source_id('salesforce', 'id') }} as quota_id,
    {{ source_id('salesforce', 'quota_owner_id') }} as user_id,
    metric,
    currency_iso_code as currency,
    {{ unreadable({
        'period_start': ['start_date', salesforce_day('start_date')],
        'amount': ['quota_amount', 'try_cast(quota_amount as decimal(18, 4))'],
        'updated_at': ['last_modified_date', salesforce_moment('last_modified_date')],
    }) }} as unreadable,
    try_cast(quota_amount as decimal(18, 4)) as amount,
    is_deleted,
    period_start,
    -- Without the object Period, the quota's month.
    coalesce(period_end, last_day(period_start)) as period_end,
    {{ salesforce_moment('last_modified_date') }} as updated_at
from typed
