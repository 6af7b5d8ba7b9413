-- Warnings on quotas.
with quota_months as (
    select * from {{ ref('fct_quota_month') }}
),

unvalued_quotas as (
    select
        'amount_without_rate' as rule,
        'quotas' as entity,
        'Rows with no exchange rate by the first day, or an amount too large once converted; they count for no month.'
            as description,
        count(distinct quota_id) filter (where quota_amount is null) as row_count
    from quota_months
)

select * from unvalued_quotas
