-- Tasks, one row per task, whoever loads Salesforce.
{{ salesforce_rows('tasks') }}
