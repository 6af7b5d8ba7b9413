-- Owners as Fivetran lands them, with their primary team where the account has teams.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}
{% set owner = source('hubspot_fivetran', 'owner') %}
{% set owner_team = source('hubspot_fivetran', 'owner_team') %}
{% set team = source('hubspot_fivetran', 'team') %}
{% set has_teams = hubspot_has(owner_team) and hubspot_has(team) %}
with owners as (
    select
        {{ hubspot_text(owner, ['owner_id', 'id']) }} as id,
        {{ hubspot_text(owner, ['user_id_including_inactive', 'user_id', 'active_user_id']) }} as user_id,
        {{ hubspot_text(owner, ['email']) }} as email,
        {{ hubspot_text(owner, ['first_name']) }} as first_name,
        {{ hubspot_text(owner, ['last_name']) }} as last_name,
        {{ hubspot_flag(owner, ['archived', '_fivetran_deleted']) }} as is_deleted,
        {{ hubspot_text(owner, ['is_active']) }} as is_active,
        {{ hubspot_text(owner, ['updated_at']) }} as modified_at
    from {{ owner }}
),

teams as (
    {% if has_teams %}
    select
        {{ hubspot_text(owner_team, ['owner_id']) }} as owner_id,
        {{ hubspot_text(team, ['name']) }} as team
    from {{ owner_team }} as owner_teams
    inner join {{ team }} as all_teams
        on owner_teams.team_id = all_teams.id
    where owner_teams.is_team_primary
    {% else %}
    select
        cast(null as string) as owner_id,
        cast(null as string) as team
    where false
    {% endif %}
)

select
    owners.id,
    owners.user_id,
    owners.email,
    owners.first_name,
    owners.last_name,
    teams.team,
    owners.is_deleted or coalesce(owners.is_active = 'false', false) as is_archived,
    owners.modified_at
from owners
left join teams
    on owners.id = teams.owner_id
