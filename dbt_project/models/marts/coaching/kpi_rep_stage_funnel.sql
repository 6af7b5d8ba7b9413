-- How many of the opportunities that each rep brought to a stage went on from there, beside the others in the team.
with reaches as (
    select * from {{ ref('int_rep_stage_reaches') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

versions as (
    select * from {{ ref('dim_rep_version') }}
),

-- Nobody is a peer in no team.
in_teams as (
    select
        reaches.*,
        reaches.advanced_count + reaches.lost_count as decided_count,
        nullif(versions.team, 'unassigned') as team
    from reaches
    inner join versions
        on
            reaches.user_id = versions.user_id
            and least({{ month_start('reaches.quarter_index + 3') }} - 1, {{ as_of_day() }})
            between versions.valid_from and versions.valid_to
),

with_peers as (
    select
        *,
        case when team is not null then (sum(advanced_count) over team_mates) - advanced_count else 0 end
            as peer_advanced_count,
        case when team is not null then (sum(decided_count) over team_mates) - decided_count else 0 end
            as peer_decided_count
    from in_teams
    window team_mates as (partition by quarter_index, pipeline_key, open_stage_number, team)
)

select
    with_peers.user_id,
    stages.pipeline,
    stages.stage,
    stages.stage_position,
    cast(with_peers.reached_count as integer) as reached_count,
    cast(with_peers.advanced_count as integer) as advanced_count,
    cast(with_peers.lost_count as integer) as lost_count,
    cast(with_peers.open_count as integer) as open_count,
    {{ ratio('with_peers.advanced_count', 'with_peers.decided_count') }} as conversion_rate,
    {{ ratio('with_peers.peer_advanced_count', 'with_peers.peer_decided_count') }} as peer_conversion_rate,
    cast(with_peers.peer_decided_count as integer) as peer_decided_count,
    {{ month_start('with_peers.quarter_index') }} as quarter_start
from with_peers
inner join stages
    on
        with_peers.pipeline_key = stages.pipeline_key
        and with_peers.open_stage_number = stages.funnel_rank
        and not stages.is_closed
