"""What is read of HubSpot: raw tables, their properties, and which records belong to which.

Belongs here: tables and columns. Does not belong here: requests (`ingestion.hubspot.endpoints`).

Properties: https://developers.hubspot.com/docs/api/crm/deals and the pages of the other objects. Nothing that names
a customer's person is read: the contract's leads have no name.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.api.tables import ApiTable, Field, FieldType

SOURCE = "hubspot"
PROPERTIES = "properties"

# The properties of a deal whose past values are read.
TRACKED_PROPERTIES = (
    "pipeline",
    "dealstage",
    "amount",
    "closedate",
    "hubspot_owner_id",
    "hs_manual_forecast_category",
)

# Contacts are older than HubSpot's common objects, and name the moment of their last change differently.
_MODIFIED = {"contacts": "lastmodifieddate"}


def modified_property(object_type: str) -> str:
    """The property with the moment of a record's last change."""
    return _MODIFIED.get(object_type, "hs_lastmodifieddate")


def _properties(*names: str) -> tuple[Field, ...]:
    """Properties of an object: each is a column of the same name."""
    return tuple(Field(name, f"{PROPERTIES}.{name}") for name in names)


def _records(object_type: str, entity: str, description: str, properties: Sequence[str]) -> ApiTable:
    """A table of CRM records."""
    modified = modified_property(object_type)
    return ApiTable(
        SOURCE,
        object_type,
        description,
        key=("id",),
        fields=(
            Field("id"),
            *_properties(*properties),
            # Ids that merges took away and that this record stands for now.
            *_properties("hs_merged_object_ids"),
            Field(modified, f"{PROPERTIES}.{modified}", FieldType.ISO),
        ),
        cursor=modified,
        entity=entity,
        custom_path=PROPERTIES,
    )


COMPANIES = _records(
    "companies",
    "accounts",
    "Companies.",
    ("name", "industry", "country", "hubspot_owner_id", "createdate"),
)
CONTACTS = _records(
    "contacts",
    "leads",
    "Contacts, without anything that names the person.",
    (
        "associatedcompanyid",
        "hubspot_owner_id",
        "hs_analytics_source",
        "hs_lead_status",
        "lifecyclestage",
        "createdate",
        "hs_calculated_merged_vids",
    ),
)
LEADS = _records(
    "leads",
    "leads",
    "Leads of the lead object, without their names.",
    (
        "hubspot_owner_id",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_lead_label",
        "hs_lead_source",
        "hs_primary_contact_id",
        "hs_createdate",
    ),
)
DEALS = _records(
    "deals",
    "opportunities",
    "Deals.",
    (
        "dealname",
        "pipeline",
        "dealstage",
        "dealtype",
        "amount",
        "deal_currency_code",
        "hs_analytics_source",
        "createdate",
        "closedate",
        "closed_lost_reason",
        "hubspot_owner_id",
    ),
)
CALLS = _records(
    "calls",
    "calls",
    "Calls that were logged or made in HubSpot.",
    (
        "hubspot_owner_id",
        "hs_timestamp",
        "hs_call_direction",
        "hs_call_duration",
        "hs_call_status",
        "hs_call_disposition",
        "hs_created_by_user_id",
    ),
)
MEETINGS = _records(
    "meetings",
    "meetings",
    "Meetings.",
    (
        "hubspot_owner_id",
        "hs_timestamp",
        "hs_meeting_start_time",
        "hs_meeting_end_time",
        "hs_meeting_outcome",
        "hs_created_by_user_id",
    ),
)
EMAILS = _records(
    "emails",
    "touches",
    "E-mails that were sent, received or logged in HubSpot, without a word or an address of them.",
    (
        "hubspot_owner_id",
        "hs_timestamp",
        "hs_email_direction",
        "hs_email_status",
        "hs_email_thread_id",
        "hs_incoming_email_is_out_of_office",
        "hs_sequence_id",
        "hs_object_source",
        # Ids of owners; for mail of a connected mailbox the only ones.
        "hs_owner_ids_from",
        "hs_created_by_user_id",
    ),
)
COMMUNICATIONS = _records(
    "communications",
    "touches",
    "LinkedIn, WhatsApp and text messages that were logged in HubSpot, without a word of them.",
    ("hubspot_owner_id", "hs_timestamp", "hs_communication_channel_type", "hs_object_source", "hs_created_by_user_id"),
)
TASKS = _records(
    "tasks",
    "touches",
    "Tasks, done and planned, without their words.",
    ("hubspot_owner_id", "hs_timestamp", "hs_task_type", "hs_task_status", "hs_task_completion_date"),
)
GOAL_TARGETS = _records(
    "goal_targets",
    "quotas",
    "Goals, one row per goal, assignee and period of it.",
    (
        "hs_goal_name",
        "hs_goal_type",
        "hs_milestone",
        "hs_group_correlation_uuid",
        "hubspot_owner_id",
        "hs_assignee_user_id",
        "hs_assignee_team_id",
        "hs_pipeline_ids",
        "hs_start_datetime",
        "hs_end_datetime",
        "hs_target_amount",
        "hs_goal_target_currency_code",
        "hs_kpi_object_type_id",
        "hs_kpi_unit_type",
        "hs_kpi_metric_type",
        "hs_kpi_filter_groups",
        "hs_kpi_tracking_method",
        "hs_kpi_time_period_property",
        "hs_createdate",
    ),
)
RECORD_TABLES = (COMPANIES, CONTACTS, LEADS, DEALS, CALLS, MEETINGS, EMAILS, COMMUNICATIONS, TASKS, GOAL_TARGETS)

DEAL_HISTORY = ApiTable(
    SOURCE,
    "deal_history",
    f"Past and present values of the deals' properties {', '.join(TRACKED_PROPERTIES)}. One row per change.",
    key=("deal_id", "property", "changed_at"),
    fields=(
        Field("deal_id"),
        Field("property"),
        Field("changed_at"),
        Field("value"),
        Field("source_type"),
        Field("updated_by_user_id"),
    ),
)


def _associations(name: str, id_column: str, to_objects: tuple[str, ...]) -> ApiTable:
    """A table of what is connected to a record, one row per kind of record that it is connected to.

    All ids of a kind are one value: an association that was removed is then gone with the next reading.
    """
    return ApiTable(
        SOURCE,
        name,
        f"Ids of {', '.join(to_objects)} that a record is connected to, and the primary one.",
        key=(id_column, "to_object"),
        fields=(Field(id_column), Field("to_object"), Field("ids"), Field("primary_id")),
    )


# What each kind of record is connected to, and the table that says so. Calls and meetings are read from the deal's
# side too: to connect an old call with a deal changes the deal (its count of activities), and not the call.
ASSOCIATIONS: dict[str, tuple[ApiTable, tuple[str, ...]]] = {
    object_type: (_associations(f"{singular}_associations", f"{singular}_id", to_objects), to_objects)
    for object_type, singular, to_objects in (
        ("leads", "lead", ("deals", "companies", "contacts")),
        ("deals", "deal", ("companies", "contacts", "calls", "meetings")),
        ("calls", "call", ("deals", "companies", "contacts")),
        ("meetings", "meeting", ("deals", "companies", "contacts")),
        ("emails", "email", ("deals", "companies", "contacts")),
        ("communications", "communication", ("deals", "companies", "contacts")),
        ("tasks", "task", ("deals", "companies", "contacts")),
    )
}

OWNERS = ApiTable(
    SOURCE,
    "owners",
    "Owners: the people whom records are assigned to, archived ones included.",
    key=("id",),
    fields=(
        Field("id"),
        Field("email", is_personal=True),
        Field("first_name", "firstName", is_personal=True),
        Field("last_name", "lastName", is_personal=True),
        Field("type"),
        # An archived owner's user id is only here.
        Field("user_id", "userIdIncludingInactive"),
        Field("active_user_id", "userId"),
        Field("teams"),
        Field("archived"),
        Field("created_at", "createdAt"),
        Field("updated_at", "updatedAt"),
    ),
    is_listed_whole=True,
    entity="users",
)
_LABELLED = (Field("id"), Field("label"), Field("display_order", "displayOrder"))
PIPELINES = ApiTable(
    SOURCE,
    "pipelines",
    "Pipelines of deals; those deleted since keep their last label.",
    key=("id",),
    fields=_LABELLED,
    is_listed_whole=True,
)
PIPELINE_STAGES = ApiTable(
    SOURCE,
    "pipeline_stages",
    "Stages of the deals' pipelines; those deleted since keep their last label.",
    key=("pipeline_id", "id"),
    fields=(
        Field("pipeline_id"),
        *_LABELLED,
        Field("is_closed", "metadata.isClosed"),
        Field("probability", "metadata.probability"),
    ),
    is_listed_whole=True,
    entity="pipeline_stages",
)
LEAD_STAGES = ApiTable(
    SOURCE,
    "lead_stages",
    "Stages of the leads' pipelines; those deleted since keep their last label.",
    key=("pipeline_id", "id"),
    fields=(Field("pipeline_id"), *_LABELLED),
    is_listed_whole=True,
)
CALL_DISPOSITIONS = ApiTable(
    SOURCE,
    "call_dispositions",
    "Outcomes of calls: the account's own words behind `hs_call_disposition`.",
    key=("id",),
    fields=(Field("id"), Field("label")),
    is_listed_whole=True,
)
EXCHANGE_RATES = ApiTable(
    SOURCE,
    "exchange_rates",
    "Rates from the account's currencies to its company currency, past ones included.",
    key=("id",),
    fields=(
        Field("id"),
        Field("from_currency", "fromCurrencyCode"),
        Field("to_currency", "toCurrencyCode"),
        Field("conversion_rate", "conversionRate"),
        Field("effective_at", "effectiveAt"),
    ),
    is_listed_whole=True,
    entity="exchange_rates",
)
# https://developers.hubspot.com/docs/api-reference/latest/marketing/campaigns/guide
CAMPAIGNS = ApiTable(
    SOURCE,
    "campaigns",
    "Marketing campaigns; those deleted since are kept and marked.",
    key=("id",),
    fields=(
        Field("id"),
        *_properties("hs_name", "hs_start_date", "hs_end_date", "hs_spend_items_sum_amount"),
        Field("created_at", "createdAt"),
        Field("updated_at", "updatedAt"),
    ),
    is_listed_whole=True,
    entity="spend",
)
# All items of a campaign are one value: an item that was removed is then gone with the next reading.
CAMPAIGN_COSTS = ApiTable(
    SOURCE,
    "campaign_costs",
    "What was spent on campaigns, item by item. One row per campaign.",
    key=("campaign_id",),
    fields=(
        Field("campaign_id"),
        Field("currency_code", "totals.currencyCode"),
        Field("spend_items", "totals.spendItems"),
    ),
)
# What an account may lack (leads, goals and campaigns are part of paid plans, currencies of some) or a token made
# earlier may not read.
OPTIONAL_TABLES = (LEADS, LEAD_STAGES, EMAILS, COMMUNICATIONS, TASKS, GOAL_TARGETS, EXCHANGE_RATES, CAMPAIGNS)
ARCHIVED_RECORDS = ApiTable(
    SOURCE,
    "archived_records",
    "Ids of records in HubSpot's recycle bin, and of those that it deleted for good after 90 days there.",
    key=("object_type", "id"),
    fields=(Field("object_type"), Field("id"), Field("archived_at", "archivedAt"), Field("is_purged")),
    is_listed_whole=True,
)

TABLES: tuple[ApiTable, ...] = (
    OWNERS,
    PIPELINES,
    PIPELINE_STAGES,
    LEAD_STAGES,
    CALL_DISPOSITIONS,
    *RECORD_TABLES,
    DEAL_HISTORY,
    *(table for table, _ in ASSOCIATIONS.values()),
    EXCHANGE_RATES,
    CAMPAIGNS,
    CAMPAIGN_COSTS,
    ARCHIVED_RECORDS,
)
