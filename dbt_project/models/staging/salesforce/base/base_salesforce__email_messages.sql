-- E-mails behind tasks, one row per e-mail, whoever loads Salesforce.
{{ salesforce_rows('email_messages') }}
