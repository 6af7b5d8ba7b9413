-- Warnings on what arrived, whatever it is used for: rows that name an unknown rep, and what the models of
-- the APIs reject or leave out.
with rep_references as (
    select * from {{ ref('int_rep_references') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

judged_row_counts as (
    select * from {{ ref('int_judged_row_counts') }}
),

left_out_calls as (
    select * from {{ ref('int_left_out_calls') }}
),

referring_entities as (
    {% set followed = ['accounts', 'calls', 'opportunities', 'opportunity_history', 'quotas'] %}
    {% for entity in followed + rep_columns() | list %}
    select '{{ entity }}' as entity
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

unknown_reps as (
    select
        'unknown_rep' as rule,
        referring_entities.entity,
        'Rows that name a rep who is in no users row; they count for a rep with that id and no name.'
            as description,
        coalesce(sum(rep_references.row_count) filter (
            where users.user_id is null
        ), 0) as row_count
    from referring_entities
    left join rep_references
        on
            referring_entities.entity = rep_references.entity
            and rep_references.user_id <> 'unassigned'
    left join users
        on rep_references.user_id = users.user_id
    group by referring_entities.entity
),

rejected_rows as (
    select
        'rejected_row' as rule,
        entity,
        'Rows of an API that cannot be read or break the landing contract; int_rejected_rows has the reasons.'
            as description,
        sum(rejected_count) as row_count
    from judged_row_counts
    group by entity
),

-- No fault, and so without a word from the gate; but a figure that is missing somewhere else.
calls_left_out as (
    select
        'call_left_out' as rule,
        'calls' as entity,
        'Calls that are internal, counted elsewhere, or that no rep took: int_left_out_calls has the reasons.'
            as description,
        count(*) as row_count
    from left_out_calls
    having count(*) > 0
)

select * from unknown_reps
union all
select * from rejected_rows
union all
select * from calls_left_out
