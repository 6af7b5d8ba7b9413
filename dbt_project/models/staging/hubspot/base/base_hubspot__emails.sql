-- E-mails, one row per e-mail, whoever loads HubSpot.
{{ hubspot_activities('emails') }}
