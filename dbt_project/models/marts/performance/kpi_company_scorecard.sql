-- The scorecard of the company: the parts of everybody.
with parts as (
    select * from {{ ref('int_scorecard_parts') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

{{ scorecard('parts', 'periods') }}
