-- LinkedIn, WhatsApp and text messages, one row per message, whoever loads HubSpot.
{{ hubspot_activities('communications') }}
