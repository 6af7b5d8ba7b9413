-- Events of calendars, one row an event, whoever loads Salesforce.
{{ salesforce_rows('events') }}
