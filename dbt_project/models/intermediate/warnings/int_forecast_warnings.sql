-- Warnings on forecast submissions.
with submissions as (
    select * from {{ ref('int_forecast_submissions_unioned') }}
    where not is_deleted
),

standing_submissions as (
    select * from {{ ref('int_forecast_submissions') }}
),

unvalued as (
    select distinct
        user_id,
        period_type,
        period_start,
        submitted_at
    from standing_submissions
    where submitted_amount is null
),

unvalued_submissions as (
    select
        'amount_without_rate' as rule,
        'forecast_submissions' as entity,
        'Rows whose amount has no exchange rate on or before their day; as if nothing had been submitted.'
            as description,
        count(*) as row_count
    from unvalued
),

of_no_period as (
    select
        'submission_of_no_period' as rule,
        'forecast_submissions' as entity,
        'Rows whose period_start is not the first day of such a fiscal period; they are in no forecast.'
            as description,
        count(*) as row_count
    from submissions
    where period_start <> {{ month_start(period_first_month(
        month_index('period_start'), "case period_type when 'quarter' then 3 else 1 end"
    )) }}
)

select * from unvalued_submissions
union all
select * from of_no_period
