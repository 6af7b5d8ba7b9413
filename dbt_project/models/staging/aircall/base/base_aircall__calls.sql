-- Aircall's calls with for whom each counts, or why it is left out. One row per call.
--
-- A transfer to a person or a team stays within its call. Of a transfer to a team, Aircall names the team's first
-- user as the one it went to, whoever answered: such a call stays with its own user. A transfer to a number is a
-- further call of Aircall's: an inbound one with the same number outside where the line is the company's own,
-- else an outbound one by who transferred it. The call that was transferred goes on until the end, and is the
-- one that counts.
with calls as (
    select
        *,
        try_cast(answered_at as bigint) as answered_second,
        try_cast(ended_at as bigint) as ended_second,
        -- The number outside as digits alone: one number is written with and without spaces.
        translate(raw_digits, '+ -.()', '') as outside_digits
    from {{ source('aircall', 'aircall__calls') }}
),

team_users as (
    select * from {{ source('aircall', 'aircall__team_users') }}
),

-- Teams that are gone count too: a call of their time may name their first user.
first_of_teams as (
    select distinct user_id from team_users
    where position = '1'
),

line_numbers as (
    select distinct number_digits from calls
),

own_lines as (
    select distinct translate(number_digits, '+ -.()', '') as digits from line_numbers
),

transferred as (
    select
        *,
        coalesce({{ moment_of_microseconds('ended_second * 1000000') }}, timestamp '9999-12-31') as open_until
    from calls
    where transferred_by_id is not null
),

inbound_legs as (
    select
        legs.id,
        transferred.id as transferred_call_id,
        legs.started_at,
        case when legs.answered_second is not null then legs.user_id end as user_id
    from transferred
    inner join calls as legs
        on
            transferred.outside_digits = legs.outside_digits
            and legs.direction = 'inbound'
            and legs.raw_digits <> 'anonymous'
            and transferred.started_at < legs.started_at
            and transferred.open_until >= legs.started_at
),

outbound_legs as (
    select
        legs.id,
        transferred.id as transferred_call_id,
        legs.started_at,
        -- Nobody of the company took it: the call stays with who had it.
        cast(null as string) as user_id
    from transferred
    inner join calls as legs
        on
            transferred.transferred_by_id = legs.user_id
            and legs.direction = 'outbound'
            and transferred.started_at < legs.started_at
            -- The rep may have made another call meanwhile; the leg alone ends with what it carries on.
            and abs(transferred.ended_second - legs.ended_second) <= 2
    where transferred.transferred_to_id is null
),

transfer_legs as (
    select * from inbound_legs
    union all
    select * from outbound_legs
),

last_legs as (
    select
        transferred_call_id,
        {{ last_by('user_id', 'started_at') }} as user_id
    from transfer_legs
    group by transferred_call_id
),

leg_ids as (
    select distinct id from transfer_legs
),

attributed as (
    select
        calls.*,
        coalesce(
            last_legs.user_id,
            case when first_of_teams.user_id is null then calls.transferred_to_id end,
            calls.user_id
        ) as rep_id,
        calls.direction = 'internal' or own_lines.digits is not null as is_internal,
        leg_ids.id is not null as is_transfer_leg
    from calls
    left join last_legs
        on calls.id = last_legs.transferred_call_id
    left join first_of_teams
        on calls.transferred_to_id = first_of_teams.user_id
    left join leg_ids
        on calls.id = leg_ids.id
    left join own_lines
        on calls.outside_digits = own_lines.digits
)

select
    *,
    case
        when is_internal then 'internal'
        when is_transfer_leg then 'part_of_transfer'
        when rep_id is null then 'no_rep'
    end as left_out_because
from attributed
