-- The scorecard of each manager: the parts of everybody who was below on the day that counts, at any depth. The
-- manager's own figures are not in it.
with parts as (
    select * from {{ ref('int_scorecard_parts') }}
),

rep_managers as (
    select * from {{ ref('int_rep_managers') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

-- In a position all managers stay the same.
managed_parts as (
    select
        rep_managers.manager_id,
        parts.*
    from parts
    inner join rep_managers
        on
            parts.user_id = rep_managers.user_id
            and parts.position_from between rep_managers.valid_from and rep_managers.valid_to
),

{{ scorecard('managed_parts', 'periods', member='manager_id') }}
