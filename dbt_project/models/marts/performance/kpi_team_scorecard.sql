-- The scorecard of each team: the parts of who was in it on the day that counts.
with parts as (
    select * from {{ ref('int_scorecard_parts') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

{{ scorecard('parts', 'periods', member='team', is_ranked=true) }}
