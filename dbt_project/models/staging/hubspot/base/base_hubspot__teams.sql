-- Teams of owners, one row per team. Only goals need their ids, which other tools do not land.
{% if landed_by('hubspot') == 'repline' %}
with owners as (
    select * from {{ source('hubspot', 'hubspot__owners') }}
),

listed as (
    select {{ explode_list(json_list('teams', {'id': 'string', 'name': 'string'})) }} as team
    from owners
)

select distinct
    team['id'] as id,
    team['name'] as name
from listed
{% else %}
{{ hubspot_without_rows('teams') }}
{% endif %}
