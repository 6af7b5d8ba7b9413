-- How each rep's calls were scored in a fiscal quarter, beside those of the others in the team.
with scores as (
    select * from {{ ref('int_call_scores_unioned') }}
    where
        not is_deleted
        and scored_at <= {{ as_of() }}
),

calls as (
    select * from {{ ref('int_calls') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

reviews as (
    select
        calls.user_id,
        scores.criterion,
        {{ summable(ratio('scores.score', 'scores.max_score')) }} as score,
        {{ period_first_month(month_index('local_days.local_day'), 3) }} as quarter_index
    from scores
    inner join calls
        on scores.call_id = calls.call_id
    inner join local_days
        on {{ in_local_day('scores.scored_at', 'local_days') }}
),

by_rep as (
    select
        user_id,
        criterion,
        {{ month_start('quarter_index') }} as quarter_start,
        least({{ month_start('quarter_index + 3') }} - 1, {{ as_of_day() }}) as last_day,
        count(*) as review_count,
        sum(score) as score_sum
    from reviews
    group by user_id, criterion, quarter_index
),

-- Nobody is a peer in no team.
in_teams as (
    select
        by_rep.*,
        nullif(versions.team, 'unassigned') as team
    from by_rep
    inner join versions
        on
            by_rep.user_id = versions.user_id
            and by_rep.last_day between versions.valid_from and versions.valid_to
),

with_peers as (
    select
        *,
        case when team is not null then (sum(review_count) over team_mates) - review_count end as peer_review_count,
        case when team is not null then (sum(score_sum) over team_mates) - score_sum end as peer_score_sum
    from in_teams
    window team_mates as (partition by quarter_start, criterion, team)
),

compared as (
    select
        *,
        {{ ratio('score_sum', 'review_count') }} as mean_score,
        {{ ratio('peer_score_sum', 'peer_review_count') }} as peer_mean_score
    from with_peers
)

select
    user_id,
    criterion,
    mean_score,
    cast(review_count as integer) as review_count,
    peer_mean_score,
    mean_score - peer_mean_score as gap,
    quarter_start
from compared
