-- Tasks, one row a task, whoever loads Salesforce.
{{ salesforce_rows('tasks') }}
