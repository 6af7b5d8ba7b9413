-- Owners as Airbyte lands them. Archived ones are in a table of their own, where its stream is switched on.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}
{% set owners = source('hubspot_airbyte', 'owners') %}
{% set archived = source('hubspot_airbyte', 'owners_archived') %}
with owners as (
    {% for relation in [owners, archived] if relation is sameas owners or hubspot_has(relation) %}
    {{ 'union all' if not loop.first }}
    select
        {{ hubspot_text(relation, ['id']) }} as id,
        {{ hubspot_text(relation, ['userIdIncludingInactive', 'userId']) }} as user_id,
        {{ hubspot_text(relation, ['email']) }} as email,
        {{ hubspot_text(relation, ['firstName']) }} as first_name,
        {{ hubspot_text(relation, ['lastName']) }} as last_name,
        {{ hubspot_text(relation, ['teams']) }} as teams,
        {{ hubspot_flag(relation, ['archived']) }} as is_archived,
        {{ hubspot_text(relation, ['updatedAt']) }} as modified_at
    from {{ relation }}
    {% endfor %}
)

select
    owners.id,
    owners.user_id,
    owners.email,
    owners.first_name,
    owners.last_name,
    ({{ first_flagged(
        json_list('owners.teams', {'name': 'string', 'primary': 'boolean'}), 'primary'
    ) }}).name as team,
    owners.is_archived,
    owners.modified_at
from owners
qualify row_number() over (partition by owners.id order by owners.is_archived) = 1
