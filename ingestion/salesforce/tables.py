"""What is read of Salesforce: objects, their fields, and the raw tables that they become.

Belongs here: objects, fields, conditions. Does not belong here: requests (`ingestion.salesforce.api`).

Fields: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/. Nothing that names
a customer's person is read: the contract's leads have no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.api.tables import ApiTable, Field, FieldType, custom_column

SOURCE = "salesforce"

# What only an organisation with several currencies has. Where there is none of it, nothing is missing.
CURRENCY_FIELD = "CurrencyIsoCode"
CURRENCY_TYPE = "CurrencyType"
DATED_RATE = "DatedConversionRate"


@dataclass(frozen=True)
class SObject:
    """An object of Salesforce, named as in its API, and the raw table that it becomes.

    `conditions` are SOQL, joined by OR, each with the field that it needs: rows that none fits are not read.
    """

    name: str
    table: ApiTable
    conditions: tuple[tuple[str, str], ...] = ()

    @property
    def has_recycle_bin(self) -> bool:
        return "is_deleted" in self.table.columns


def _sobject(
    name: str,
    table_name: str,
    description: str,
    fields: Sequence[str],
    entity: str = "",
    cursor: str = "SystemModstamp",
    personal: Sequence[str] = (),
    conditions: tuple[tuple[str, str], ...] = (),
) -> SObject:
    """An object that is read by what changed; each field is a column of its name in snake case.

    Fivetran names columns by the same rule, so that staging reads either.
    """
    moment = FieldType.ISO
    table = ApiTable(
        SOURCE,
        table_name,
        description,
        key=("id",),
        fields=tuple(
            Field(custom_column(field), field, moment if field == cursor else FieldType.TEXT, field in personal)
            for field in ("Id", *fields, *([] if cursor in fields else [cursor]))
        ),
        cursor=custom_column(cursor),
        entity=entity,
        custom_path="",
    )
    return SObject(name, table, conditions)


def _listed(name: str, table_name: str, description: str, fields: Sequence[str], entity: str = "") -> SObject:
    """An object that is read whole: settings of the organisation, few rows, deleted for good."""
    table = ApiTable(
        SOURCE,
        table_name,
        description,
        key=("id",),
        fields=tuple(Field(custom_column(field), field) for field in ("Id", *fields)),
        is_listed_whole=True,
        entity=entity,
    )
    return SObject(name, table)


OBJECTS: tuple[SObject, ...] = (
    _sobject(
        "User",
        "users",
        "Employees of the organisation; they are never deleted, only made inactive.",
        (
            *("Name", "Email", "UserType", "UserRoleId", "ManagerId", "Department", "Division", "IsActive"),
            "LastModifiedDate",
        ),
        entity="users",
        personal=("Name", "Email"),
        # Customers and partners have users too, and so have robots. Whoever left sales may keep Chatter (CsnOnly).
        conditions=(("UserType", "UserType IN ('Standard', 'CsnOnly')"),),
    ),
    _listed("UserRole", "user_roles", "Roles of users.", ("Name", "ParentRoleId")),
    _listed(
        "Territory2",
        "territories",
        "Sales territories and what they are parts of.",
        ("Name", "DeveloperName", "ParentTerritory2Id", "Territory2ModelId", "LastModifiedDate"),
        entity="territories",
    ),
    _listed("Territory2Model", "territory_models", "Models of territories, of which one is active.", ("State",)),
    _listed(
        "UserTerritory2Association",
        "user_territories",
        "Which users are in which territories.",
        ("UserId", "Territory2Id", "IsActive"),
    ),
    _sobject(
        "Account",
        "accounts",
        "Accounts, deleted ones included.",
        ("Name", "Industry", "BillingCountry", "OwnerId", "IsDeleted", "CreatedDate", "LastModifiedDate"),
        entity="accounts",
    ),
    _sobject(
        "Lead",
        "leads",
        "Leads, deleted ones included.",
        (
            *("OwnerId", "LeadSource", "Status", "IsConverted", "ConvertedDate", "ConvertedAccountId"),
            *("ConvertedOpportunityId", "IsDeleted", "CreatedDate", "LastModifiedDate"),
        ),
        entity="leads",
    ),
    _sobject(
        "Campaign",
        "campaigns",
        "Campaigns and what they cost, deleted ones included.",
        (
            *("Type", "StartDate", "EndDate", "ActualCost", CURRENCY_FIELD, "IsDeleted", "CreatedDate"),
            "LastModifiedDate",
        ),
        entity="spend",
    ),
    _listed(
        "OpportunityStage",
        "opportunity_stages",
        "Stages of opportunities, inactive ones included.",
        (
            *("MasterLabel", "ApiName", "IsActive", "SortOrder", "IsClosed", "IsWon", "DefaultProbability"),
            "ForecastCategoryName",
        ),
        entity="pipeline_stages",
    ),
    _sobject(
        "Opportunity",
        "opportunities",
        "Opportunities, deleted ones included.",
        (
            *("AccountId", "OwnerId", "Name", "StageName", "Type", "LeadSource", "Amount", CURRENCY_FIELD),
            *("Probability", "CloseDate", "IsClosed", "IsWon", "ForecastCategoryName", "RecordTypeId", "IsDeleted"),
            *("CreatedById", "CreatedDate", "LastModifiedDate"),
        ),
        entity="opportunities",
    ),
    _sobject(
        "OpportunityHistory",
        "opportunity_history",
        "Opportunities after each change of stage, amount, probability or close date.",
        (
            *("OpportunityId", "StageName", "Amount", "CloseDate", "Probability", "ForecastCategory", "IsDeleted"),
            *("CreatedById", "CreatedDate"),
        ),
        entity="opportunity_history",
    ),
    _sobject(
        "OpportunityFieldHistory",
        "opportunity_field_history",
        "Changes of tracked fields of opportunities: owner, amount, close date, stage.",
        ("OpportunityId", "Field", "DataType", "OldValue", "NewValue", "IsDeleted", "CreatedById"),
        entity="opportunity_history",
        # A change never changes, and has no other moment.
        cursor="CreatedDate",
        conditions=(("Field", "Field IN ('Owner', 'Amount', 'CloseDate', 'StageName')"),),
    ),
    _sobject(
        "OpportunitySplit",
        "opportunity_splits",
        "Shares of opportunities by user.",
        (
            *("OpportunityId", "SplitOwnerId", "SplitTypeId", "SplitPercentage", "SplitAmount", CURRENCY_FIELD),
            *("IsDeleted", "CreatedDate", "LastModifiedDate"),
        ),
        entity="opportunity_splits",
    ),
    _listed(
        "OpportunitySplitType",
        "opportunity_split_types",
        "What splits divide: the amount, or credit beside it.",
        ("DeveloperName", "IsActive", "IsTotalValidated"),
    ),
    _sobject(
        "OpportunityLineItem",
        "opportunity_line_items",
        "Products of opportunities, deleted ones included.",
        ("OpportunityId", "Product2Id", "ProductCode", "TotalPrice", "IsDeleted", "LastModifiedDate"),
    ),
    _sobject(
        "Product2",
        "products",
        "Products, deleted ones included.",
        ("Name", "ProductCode", "IsDeleted", "LastModifiedDate"),
    ),
    _sobject(
        "Task",
        "tasks",
        "Tasks that are calls, e-mails or LinkedIn messages, deleted and archived ones included.",
        (
            *("OwnerId", "WhatId", "WhoId", "AccountId", "TaskSubtype", "CallType", "CallDurationInSeconds"),
            *("CallDisposition", "CallObject", "Status", "IsClosed", "ActivityDate", "CompletedDateTime"),
            *("IsRecurrence", "IsDeleted", "CreatedDate", "LastModifiedDate"),
        ),
        entity="calls",
        # To-dos are most tasks of many organisations.
        conditions=(
            ("TaskSubtype", "TaskSubtype = 'Call'"),
            ("CallType", "CallType != null"),
            ("TaskSubtype", "TaskSubtype IN ('Email', 'ListEmail', 'LinkedIn')"),
        ),
    ),
    _sobject(
        "EmailMessage",
        "email_messages",
        "E-mails behind tasks, sent and received, without a word or an address of them; deleted ones included.",
        (
            *("ActivityId", "ThreadIdentifier", "ReplyToEmailMessageId", "Incoming", "Status", "IsBounced"),
            *("MessageDate", "IsDeleted", "CreatedDate", "LastModifiedDate"),
        ),
        entity="touches",
        # The others are of cases: support, which no rep's touches are.
        conditions=(("ParentId", "ParentId = null"),),
    ),
    _sobject(
        "Event",
        "events",
        "Events of calendars, deleted and archived ones included.",
        (
            *("OwnerId", "WhatId", "WhoId", "AccountId", "StartDateTime", "EndDateTime", "ActivityDate"),
            *("IsAllDayEvent", "IsChild", "IsRecurrence", "GroupEventType", "IsDeleted", "CreatedDate"),
            "LastModifiedDate",
        ),
        entity="meetings",
    ),
    _listed(
        "ForecastingQuota",
        "forecasting_quotas",
        "Quotas of Collaborative Forecasts.",
        (
            *("QuotaOwnerId", "QuotaAmount", CURRENCY_FIELD, "StartDate", "PeriodId", "ForecastingTypeId"),
            *("ProductFamily", "IsAmount", "LastModifiedDate"),
        ),
        entity="quotas",
    ),
    _listed("ForecastingType", "forecasting_types", "What quotas and forecasts count.", ("DeveloperName", "IsActive")),
    _listed("Period", "periods", "Fiscal periods.", ("StartDate", "EndDate", "Type")),
    _listed(
        CURRENCY_TYPE,
        "currency_types",
        "Currencies of an organisation that has several.",
        ("IsoCode", "ConversionRate", "IsActive", "IsCorporate"),
    ),
    _listed(
        DATED_RATE,
        "dated_conversion_rates",
        "Rates of currencies to the corporate currency, by day of effect.",
        ("IsoCode", "ConversionRate", "StartDate", "NextStartDate"),
        entity="exchange_rates",
    ),
)

# What staging has to do without: an object (field `*`) or one of its fields.
UNAVAILABLE = ApiTable(
    SOURCE,
    "unavailable",
    "Objects (field *) and fields that Repline would read and that the user may not see.",
    key=("object", "field"),
    fields=(Field("object"), Field("field"), Field("reason")),
    is_listed_whole=True,
)

TABLES: tuple[ApiTable, ...] = (*(sobject.table for sobject in OBJECTS), UNAVAILABLE)
