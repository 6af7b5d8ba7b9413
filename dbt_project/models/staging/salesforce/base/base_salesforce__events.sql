-- Events of calendars, one row per event, whoever loads Salesforce.
{{ salesforce_rows('events') }}
