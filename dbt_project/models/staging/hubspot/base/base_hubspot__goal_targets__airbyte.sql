-- Goals: not read where Airbyte lands HubSpot.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_without_rows('goal_targets') }}
