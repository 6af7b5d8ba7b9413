"""The words of CRM exports for what the landing contract names: entities, columns, values.

Belongs here: words. Does not belong here: how a header is compared with them (`ingestion.mapping.guesses`).

Headers are those of list exports in English, in lower case. Beside HubSpot's and Salesforce's they are those of
- Bitrix24: the fields of deals, https://apidocs.bitrix24.com/api-reference/crm/deals/ and
  https://helpdesk.bitrix24.com/open/22879310
- Close: the fields of opportunities, https://developer.close.com/
- Dynamics 365: display names, https://learn.microsoft.com/dynamics365/sales/developer/entities/opportunity; Excel
  exports put three columns `(Do Not Modify) ...` before them
- Pipedrive: names of deal fields, which exports put behind `Deal - `, https://developers.pipedrive.com/docs/api/v1/Deals
- Zoho CRM: standard fields of deals, https://help.zoho.com/portal/en/kb/crm
"""

from __future__ import annotations

# Of file names and sheets.
ENTITY_WORDS: dict[str, tuple[str, ...]] = {
    "users": ("user", "owner", "rep", "agent", "team", "employee", "salespeople", "staff"),
    "pipeline_stages": ("stage",),
    "accounts": ("account", "company", "companies", "organization", "organisation", "customer", "client"),
    "opportunities": ("opportunit", "deal", "pipeline", "sales"),
    "opportunity_history": ("history", "histories", "changes"),
    "leads": ("lead", "contact", "prospect"),
    "calls": ("call", "dial"),
    "meetings": ("meeting", "event", "appointment"),
    "quotas": ("quota", "target", "goal"),
    "exchange_rates": ("rate", "currenc"),
}

_OWNER = (
    "owner id",
    "owner",
    "assigned to",
    "sales rep",
    "rep",
    "sales agent",
    "agent",
    "salesperson",
    "account executive",
    "assigned by id",
    "assigned by",
    "assigned by name",
    "responsible person",
    "responsible",
    "user id",
    "user name",
)
_ACCOUNT = (
    "account id",
    "account",
    "company id",
    "associated company id",
    "company",
    "account name",
    "company name",
    "associated company",
    "organization",
    "customer",
    "client",
    "potential customer",
    "lead id",
    "lead name",
    "deal organization",
)
_CREATED = (
    "created at",
    "created date",
    "create date",
    "created",
    "created on",
    "created time",
    "date created",
    "creation date",
    "opened",
    "open date",
    "engage date",
    "start date",
    "add time",
    "deal created",
    "deal deal created",
    "date create",
)
_UPDATED = (
    "updated at",
    "last modified date",
    "last modified",
    "modified on",
    "modified time",
    "last updated",
    "update time",
    "systemmodstamp",
    "changed at",
    "do not modify modified on",
    "deal update time",
    "date modify",
    "date updated",
    "changed on",
)
_DELETED = ("is deleted", "deleted", "archived", "is archived")
_VERSION = {"updated_at": _UPDATED, "is_deleted": _DELETED}
_AMOUNT = (
    "amount",
    "deal amount",
    "value",
    "deal value",
    "close value",
    "amount in company currency",
    "est revenue",
    "estimated revenue",
    "actual revenue",
    "acv",
    "contract value",
    "price",
    "opportunity amount",
    "opportunity",
    "total",
    "income",
)
_CURRENCY = (
    "currency",
    "currency code",
    "deal currency",
    "opportunity currency",
    "currency iso code",
    "amount currency",
    "currency id",
    "value currency",
    "deal currency of value",
)
_OPPORTUNITY = (
    "opportunity id",
    "opportunity",
    "deal id",
    "deal",
    "associated deal id",
    "associated deal",
    "related to id",
)
_LEAD = ("lead id", "lead", "contact id", "contact", "associated contact id")
_USER = (
    "user id",
    "user",
    "owner id",
    "owner",
    "agent",
    "rep",
    "sales rep",
    "sales agent",
    "caller",
    "assigned to",
    "activity assigned to",
    "host",
    "organizer",
)

# For each column of an entity the headers that mean it, the surest first.
COLUMN_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "users": {
        "user_id": ("user id", "owner id", "employee id", "rep id", "agent id", "id", "record id", "username", "alias"),
        "full_name": (
            "full name",
            "name",
            "user name",
            "owner name",
            "owner",
            "sales rep",
            "rep",
            "sales agent",
            "agent",
            "employee",
            "employee name",
            "salesperson",
        ),
        "email": ("email", "e mail", "email address", "user email", "work email", "mail"),
        "role": ("role", "job title", "title", "position", "profile", "user role"),
        "manager_id": ("manager id", "manager", "reports to", "supervisor", "team lead"),
        "team": ("team", "team name", "department", "group", "sales team"),
        "territory": ("territory", "region", "regional office", "office", "sales region", "area"),
        "hired_on": ("hired on", "hire date", "start date", "joined", "employed since"),
        "left_on": ("left on", "leave date", "termination date", "end date"),
        **_VERSION,
    },
    "pipeline_stages": {
        "pipeline": ("pipeline", "pipeline name", "process"),
        "stage": ("stage", "stage name", "name", "label", "deal stage", "api name"),
        "position": ("position", "order", "sort order", "display order", "rank", "sequence"),
        "is_closed": ("is closed", "closed"),
        "is_won": ("is won", "won"),
        "probability": ("probability", "win probability", "probability %"),
        "forecast_category": ("forecast category", "forecast"),
    },
    "accounts": {
        "account_id": ("account id", "company id", "record id", "customer id", "organization id", "id"),
        "name": ("account name", "company name", "name", "account", "company", "organization", "customer", "client"),
        "industry": ("industry", "sector", "branch", "vertical"),
        "segment": ("segment", "size", "tier", "customer segment", "company size", "type"),
        "country": ("country", "country region", "billing country", "office location", "location", "hq country"),
        "owner_id": ("account owner", "company owner", *_OWNER),
        "created_at": _CREATED,
        **_VERSION,
    },
    "opportunities": {
        "opportunity_id": (
            "opportunity id",
            "deal id",
            "record id",
            "id",
            "do not modify opportunity",
            "opportunity number",
            "deal number",
        ),
        "account_id": _ACCOUNT,
        "owner_id": ("deal owner", "opportunity owner", *_OWNER),
        "name": ("opportunity name", "deal name", "name", "title", "deal title", "topic", "subject"),
        "pipeline": ("pipeline", "pipeline name", "deal pipeline", "category name", "sales process", "record type"),
        "stage": (
            "stage",
            "deal stage",
            "stage name",
            "sales stage",
            "pipeline phase",
            "opportunity stage",
            "stage id",
            "status label",
            "status reason",
            "status",
        ),
        "type": ("type", "deal type", "opportunity type"),
        "amount": _AMOUNT,
        "currency": _CURRENCY,
        "lead_source": ("lead source", "source", "original source", "original traffic source", "channel"),
        "product": ("product", "product name", "line item", "products"),
        "created_at": _CREATED,
        "close_date": (
            "close date",
            "closed date",
            "expected close date",
            "closing date",
            "est close date",
            "closed on",
            "deal expected close date",
            "actual close date",
            "won time",
        ),
        "loss_reason": (
            "loss reason",
            "lost reason",
            "deal lost reason",
            "closed lost reason",
            "reason for loss",
            "reason lost",
        ),
        **_VERSION,
    },
    "opportunity_history": {
        "opportunity_id": _OPPORTUNITY,
        "changed_at": ("changed at", "last modified", "change date", "edit date", "timestamp", "created date", "date"),
        "pipeline": ("pipeline", "pipeline name"),
        "stage": ("to stage", "stage", "new value", "new stage", "stage name", "deal stage"),
        "amount": _AMOUNT,
        "close_date": ("close date",),
        "owner_id": ("deal owner", "opportunity owner", *_OWNER),
        "changed_by": ("changed by", "edited by", "last modified by", "modified by"),
    },
    "leads": {
        "lead_id": ("lead id", "contact id", "record id", "id"),
        "owner_id": ("lead owner", "contact owner", *_OWNER),
        "account_id": _ACCOUNT,
        "source": ("lead source", "source", "original source"),
        "status": ("lead status", "status"),
        "created_at": _CREATED,
        "converted_at": ("converted date", "converted at", "became an opportunity date"),
        "opportunity_id": ("converted opportunity id", *_OPPORTUNITY),
        **_VERSION,
    },
    "calls": {
        "call_id": ("call id", "record id", "activity id", "call sid", "id"),
        "user_id": _USER,
        "started_at": (
            "started at",
            "call date",
            "start time",
            "date time",
            "call time",
            "activity date",
            "date",
            "created",
        ),
        "duration_seconds": (
            "duration seconds",
            "call duration",
            "duration",
            "call duration seconds",
            "talk time",
            "duration minutes",
        ),
        "direction": ("direction", "call direction", "call type", "type"),
        "disposition": ("disposition", "call outcome", "outcome", "call result", "result", "status", "call status"),
        "opportunity_id": _OPPORTUNITY,
        "account_id": _ACCOUNT,
        "lead_id": _LEAD,
        **_VERSION,
    },
    "meetings": {
        "meeting_id": ("meeting id", "event id", "record id", "activity id", "id"),
        "user_id": _USER,
        "starts_at": ("starts at", "start time", "start", "start date", "meeting date", "date"),
        "ends_at": ("ends at", "end time", "end", "end date"),
        "status": ("status", "meeting outcome", "outcome"),
        "opportunity_id": _OPPORTUNITY,
        "account_id": _ACCOUNT,
        "lead_id": _LEAD,
        **_VERSION,
    },
    "quotas": {
        "quota_id": ("quota id", "goal id", "target id", "id"),
        "user_id": _USER,
        "metric": ("metric", "goal type", "kind"),
        "period_start": ("period start", "start date", "start", "from"),
        "period_end": ("period end", "end date", "end", "to"),
        "amount": ("quota", "target", "goal", "target amount", *_AMOUNT),
        "currency": _CURRENCY,
        **_VERSION,
    },
    "exchange_rates": {
        "rate_date": ("rate date", "date", "start date", "valid from"),
        "currency": ("currency", "iso code", "currency code", "currency iso code"),
        "rate": ("rate", "conversion rate", "exchange rate"),
    },
}
# What systems call the values that the contract names; compared without case, spaces and signs.
VALUE_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "direction": {"inbound": ("inbound", "incoming", "in"), "outbound": ("outbound", "outgoing", "out")},
    "disposition": {
        "connected": ("connected", "completed", "answered", "spoke", "reached"),
        "voicemail": ("voicemail", "leftvoicemail", "leftmessage"),
        "no_answer": ("noanswer", "missed", "notanswered", "unanswered"),
        "busy": ("busy",),
        "failed": ("failed", "wrongnumber", "error"),
        "other": ("other",),
    },
    "status": {
        "held": ("held", "completed", "done"),
        "no_show": ("noshow",),
        "cancelled": ("cancelled", "canceled", "rescheduled"),
        "scheduled": ("scheduled", "planned", "open"),
    },
}
# What names of stages say, without accents: a word that begins so. English, Spanish, French, German, Portuguese.
WON_WORDS = (
    "won\\b", "win$", "signed", "sold", "ganad[oa]", "vendid[oa]", "firmad[oa]", "gagnee?\\b", "signee?\\b", "gewonnen",
    "ganh[oa]\\b",
)  # fmt: skip
LOST_WORDS = (
    "lost", "lose\\b", "losing", "dead", "abandoned", "disqualified", "unqualified", "rejected", "declined", "refused",
    "cancel", "apology", "junk", "out sold", "not interested", "perdid[oa]", "rechazad[oa]", "descartad[oa]",
    "abandonad[oa]", "no interesad[oa]", "perdue?\\b", "refusee?\\b", "abandonnee?\\b", "annulee?\\b", "verloren",
    "abgelehnt", "abgesagt",
)  # fmt: skip
CLOSED_WORDS = (
    "closed",
    "cerrad[oa]",
    "fermee?\\b",
    "geschlossen",
    "abgeschlossen",
    "fechad[oa]",
    "finished",
    "completed",
)
# Beside words, the stages that CRMs begin with.
OPEN_WORDS = (
    "open\\b", "new\\b", "prospect", "engag", "appointment", "scheduled", "meeting", "presentation", "demo\\b",
    "qualif", "discover", "needs analysis", "value proposition", "decision maker", "perception", "evaluat", "propos",
    "quot", "negotiat", "contact", "contract sent", "develop", "in progress", "on hold", "prepar", "executing",
    "abiert[oa]", "nuev[oa]", "cita\\b", "reunion", "presentacion", "calific", "cualific", "propuesta", "cotiza",
    "presupuesto", "negociac", "en curso", "en proceso", "ouverte?\\b", "nouveau", "rendez vous", "devis", "en cours",
    "offen", "neu\\b", "termin", "angebot", "verhandlung",
)  # fmt: skip
# Columns of deals that say what became of each, as list exports of CRMs name them: the status of Pipedrive, Dynamics
# and Close, the semantics of Bitrix24.
OUTCOME_HEADERS = (
    "status", "deal status", "opportunity status", "status type", "state", "outcome", "stage semantic id",
    "stage semantics", "stage group", "estado", "statut",
)  # fmt: skip
OUTCOMES: dict[str, tuple[str, ...]] = {
    "open": ("open", "active", "inprogress", "onhold", "process", "p", "abierto", "abierta", "ouvert", "offen"),
    "won": ("won", "success", "s", "closedwon", "ganado", "ganada", "gagne", "gewonnen"),
    "lost": (
        "lost", "failure", "apology", "f", "closedlost", "canceled", "cancelled", "outsold", "perdido", "perdida",
        "perdu", "verloren",
    ),
}  # fmt: skip
CLOSED_HEADERS = ("closed", "is closed", "deal closed", "cerrado", "cerrada", "ferme", "geschlossen")
WON_HEADERS = ("won", "is won", "deal won", "ganado", "ganada", "gagne", "gewonnen")
TRUE_WORDS = ("true", "yes", "y", "1", "x", "si", "sí", "oui", "ja", "sim")
FALSE_WORDS = ("false", "no", "n", "0", "non", "nein", "não")
