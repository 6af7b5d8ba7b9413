-- The scorecard of each rep for each month, fiscal quarter and fiscal year since the first event: sums of the
-- parts, then the ratios.
with parts as (
    select * from {{ ref('int_scorecard_parts') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

{{ scorecard('parts', 'periods', member='user_id', is_ranked=true, is_of_reps=true) }}
