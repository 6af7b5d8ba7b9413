-- Tasks, one row per task, whoever loads HubSpot.
{{ hubspot_activities('tasks') }}
