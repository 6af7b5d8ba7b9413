-- Warnings on what reps do.
with calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

suspect_calls as (
    select
        'suspect_long_call' as rule,
        'calls' as entity,
        'Rows that last longer than the configured limit; they add nothing to talk_seconds.' as description,
        coalesce(sum(suspect_calls), 0) as row_count
    from calls_daily
),

implausible_dates as (
    select
        'implausible_date' as rule,
        'calls' as entity,
        'Rows that started before earliest_plausible_date; they are calls, and in no day or period.'
            as description,
        coalesce(sum(calls_count) filter (where call_on < {{ earliest_plausible_day() }}), 0) as row_count
    from calls_daily
)

select * from suspect_calls
union all
select * from implausible_dates
