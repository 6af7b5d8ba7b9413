"""An organisation of the test server: its objects, fields, records, and what the user may see.

Belongs here: what Salesforce stores and how it names it. Does not belong here: HTTP (`server`), queries (`soql`).

Objects, fields and types are the vendor's (Object Reference for the Salesforce Platform), as many as a sales
organisation needs here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

# The characters of a record id in their order, and of the three that make it safe where case is lost.
_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

_AUDIT = {
    "CreatedById": "reference",
    "CreatedDate": "datetime",
    "LastModifiedById": "reference",
    "LastModifiedDate": "datetime",
    "SystemModstamp": "datetime",
}
_DELETABLE = {"IsDeleted": "boolean"}
_CURRENCY = {"CurrencyIsoCode": "picklist"}


def _of(kind: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, kind)


OBJECTS: dict[str, dict[str, str]] = {
    "User": {
        "Id": "id",
        **_of("string", "Username", "Name", "FirstName", "LastName", "Title", "Department", "Division"),
        **_of("picklist", "UserType", "TimeZoneSidKey"),
        **_of("reference", "UserRoleId", "ManagerId"),
        **_of("boolean", "IsActive"),
        "Email": "email",
        **_AUDIT,
    },
    "UserRole": {
        "Id": "id",
        **_of("string", "Name", "DeveloperName"),
        "ParentRoleId": "reference",
        "LastModifiedById": "reference",
        "LastModifiedDate": "datetime",
        "SystemModstamp": "datetime",
    },
    "Territory2": {
        "Id": "id",
        **_of("string", "Name", "DeveloperName", "Description"),
        **_of("reference", "ParentTerritory2Id", "Territory2ModelId", "Territory2TypeId", "ForecastUserId"),
        **_of("reference", "LastModifiedById"),
        **_of("datetime", "LastModifiedDate", "SystemModstamp"),
    },
    "Territory2Model": {
        "Id": "id",
        **_of("string", "Name", "DeveloperName"),
        "State": "picklist",
        **_of("datetime", "ActivatedDate", "DeactivatedDate"),
        **_DELETABLE,
        **_AUDIT,
    },
    "UserTerritory2Association": {
        "Id": "id",
        **_of("reference", "UserId", "Territory2Id", "LastModifiedById"),
        "IsActive": "boolean",
        "RoleInTerritory2": "picklist",
        **_of("datetime", "LastModifiedDate", "SystemModstamp"),
    },
    "Account": {
        "Id": "id",
        **_of("string", "Name", "BillingCountry", "AccountNumber"),
        **_of("picklist", "Type", "Industry", "Rating"),
        **_of("reference", "OwnerId", "ParentId"),
        "AnnualRevenue": "currency",
        "NumberOfEmployees": "int",
        "Phone": "phone",
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "Lead": {
        "Id": "id",
        **_of("string", "Name", "FirstName", "LastName", "Company"),
        **_of("picklist", "LeadSource", "Status"),
        **_of("reference", "OwnerId", "ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId"),
        "Email": "email",
        "Phone": "phone",
        "IsConverted": "boolean",
        "ConvertedDate": "date",
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "Campaign": {
        "Id": "id",
        **_of("string", "Name"),
        **_of("picklist", "Type", "Status"),
        **_of("currency", "ActualCost", "BudgetedCost", "HierarchyActualCost"),
        **_of("date", "StartDate", "EndDate"),
        **_of("reference", "ParentId"),
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "Opportunity": {
        "Id": "id",
        **_of("string", "Name", "NextStep", "Loss_Reason__c"),
        **_of("picklist", "StageName", "Type", "LeadSource", "ForecastCategory", "ForecastCategoryName"),
        **_of("reference", "AccountId", "OwnerId", "RecordTypeId"),
        "Amount": "currency",
        "Probability": "percent",
        "CloseDate": "date",
        **_of("boolean", "IsClosed", "IsWon"),
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "OpportunityStage": {
        "Id": "id",
        **_of("string", "MasterLabel", "ApiName", "Description"),
        **_of("boolean", "IsActive", "IsClosed", "IsWon"),
        "SortOrder": "int",
        "DefaultProbability": "percent",
        **_of("picklist", "ForecastCategory", "ForecastCategoryName"),
        **_AUDIT,
    },
    "OpportunityHistory": {
        "Id": "id",
        **_of("reference", "OpportunityId", "CreatedById"),
        **_of("picklist", "StageName", "ForecastCategory"),
        **_of("currency", "Amount", "ExpectedRevenue"),
        "Probability": "percent",
        "CloseDate": "date",
        **_of("datetime", "CreatedDate", "SystemModstamp"),
        **_DELETABLE,
        **_CURRENCY,
    },
    "OpportunityFieldHistory": {
        "Id": "id",
        **_of("reference", "OpportunityId", "CreatedById"),
        **_of("picklist", "Field", "DataType"),
        **_of("anyType", "OldValue", "NewValue"),
        "CreatedDate": "datetime",
        **_DELETABLE,
    },
    "OpportunitySplit": {
        "Id": "id",
        **_of("reference", "OpportunityId", "SplitOwnerId", "SplitTypeId"),
        **_of("currency", "SplitAmount"),
        "SplitPercentage": "percent",
        "SplitNote": "string",
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "OpportunitySplitType": {
        "Id": "id",
        **_of("string", "DeveloperName", "MasterLabel", "SplitField"),
        **_of("boolean", "IsActive", "IsTotalValidated"),
        **_AUDIT,
    },
    "OpportunityLineItem": {
        "Id": "id",
        **_of("string", "Name", "ProductCode"),
        **_of("reference", "OpportunityId", "Product2Id", "PricebookEntryId"),
        "Quantity": "double",
        **_of("currency", "UnitPrice", "TotalPrice"),
        "ServiceDate": "date",
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "Product2": {
        "Id": "id",
        **_of("string", "Name", "ProductCode"),
        "Family": "picklist",
        "IsActive": "boolean",
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "Task": {
        "Id": "id",
        **_of("string", "Subject", "CallDisposition", "CallObject"),
        **_of("picklist", "Status", "Priority", "TaskSubtype", "CallType"),
        **_of("reference", "OwnerId", "WhoId", "WhatId", "AccountId"),
        "CallDurationInSeconds": "int",
        "ActivityDate": "date",
        "CompletedDateTime": "datetime",
        **_of("boolean", "IsClosed", "IsRecurrence", "IsArchived"),
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "EmailMessage": {
        "Id": "id",
        **_of("reference", "ActivityId", "ParentId", "RelatedToId", "ReplyToEmailMessageId", "EmailTemplateId"),
        **_of("string", "Subject", "FromAddress", "ToAddress", "MessageIdentifier", "ThreadIdentifier"),
        **_of("textarea", "TextBody", "HtmlBody"),
        "Status": "picklist",
        "MessageDate": "datetime",
        **_of("boolean", "Incoming", "IsBounced", "IsTracked", "IsOpened"),
        **_DELETABLE,
        **_AUDIT,
    },
    "Event": {
        "Id": "id",
        **_of("string", "Subject", "Location"),
        **_of("picklist", "EventSubtype", "ShowAs", "GroupEventType"),
        **_of("reference", "OwnerId", "WhoId", "WhatId", "AccountId", "RecurrenceActivityId"),
        **_of("datetime", "ActivityDateTime", "StartDateTime", "EndDateTime"),
        "ActivityDate": "date",
        "DurationInMinutes": "int",
        **_of("boolean", "IsAllDayEvent", "IsChild", "IsGroupEvent", "IsRecurrence", "IsRecurrence2", "IsArchived"),
        **_DELETABLE,
        **_CURRENCY,
        **_AUDIT,
    },
    "ForecastingQuota": {
        "Id": "id",
        **_of("reference", "QuotaOwnerId", "PeriodId", "ForecastingTypeId"),
        "QuotaAmount": "currency",
        "QuotaQuantity": "double",
        "StartDate": "date",
        "ProductFamily": "picklist",
        **_of("boolean", "IsAmount", "IsQuantity"),
        **_CURRENCY,
        **_AUDIT,
    },
    "ForecastingType": {
        "Id": "id",
        **_of("string", "DeveloperName", "MasterLabel"),
        **_of("boolean", "IsActive", "IsAmount", "IsQuantity"),
        **_AUDIT,
    },
    "Period": {
        "Id": "id",
        "FiscalYearSettingsId": "reference",
        **_of("picklist", "Type", "QuarterLabel", "PeriodLabel"),
        **_of("date", "StartDate", "EndDate"),
        "IsForecastPeriod": "boolean",
        "Number": "int",
        "SystemModstamp": "datetime",
    },
    "CurrencyType": {
        "Id": "id",
        "IsoCode": "picklist",
        "ConversionRate": "double",
        "DecimalPlaces": "int",
        **_of("boolean", "IsActive", "IsCorporate"),
        **_AUDIT,
    },
    "DatedConversionRate": {
        "Id": "id",
        "IsoCode": "picklist",
        "ConversionRate": "double",
        **_of("date", "StartDate", "NextStartDate"),
        **_AUDIT,
    },
}

# What the vendor gives the ids of standard objects to begin with.
KEY_PREFIX = {
    "User": "005",
    "UserRole": "00E",
    "Territory2": "0MI",
    "Territory2Model": "0MA",
    "UserTerritory2Association": "0MU",
    "Account": "001",
    "Lead": "00Q",
    "Campaign": "701",
    "Opportunity": "006",
    "OpportunityStage": "01J",
    "OpportunityHistory": "008",
    "OpportunityFieldHistory": "017",
    "OpportunitySplit": "1OX",
    "OpportunitySplitType": "149",
    "OpportunityLineItem": "00k",
    "Product2": "01t",
    "Task": "00T",
    "EmailMessage": "02s",
    "Event": "00U",
    "ForecastingQuota": "0J9",
    "ForecastingType": "0Db",
    "Period": "026",
    "CurrencyType": "01L",
    "DatedConversionRate": "04w",
}

_MULTI_CURRENCY_ONLY = {"CurrencyType", "DatedConversionRate"}


def record_id(sobject: str, number: int) -> str:
    """The 18-character id of a record: prefix, instance, number, and the three characters that hold its case."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE_62[digit] + digits
    short = f"{KEY_PREFIX[sobject]}5g{digits:0>10}"
    suffix = "".join(
        _BASE_32[sum(1 << bit for bit, letter in enumerate(short[at : at + 5]) if letter.isupper())]
        for at in (0, 5, 10)
    )
    return short + suffix


def moment(at: datetime) -> str:
    """A moment as Salesforce writes it in JSON: UTC, milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"


class Org:
    """Records by object and id, and what the user of the connected app may see of them."""

    def __init__(self, has_multi_currency: bool = True) -> None:
        self.records: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in OBJECTS}
        self.hidden_objects: set[str] = set() if has_multi_currency else set(_MULTI_CURRENCY_ONLY)
        self.hidden_fields: set[tuple[str, str]] = (
            set() if has_multi_currency else {(name, "CurrencyIsoCode") for name in OBJECTS}
        )
        # What describe shows and a query refuses all the same.
        self.unqueryable: set[str] = set()
        self.custom_fields: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)

    def put(self, sobject: str, at: datetime, **values: Any) -> str:
        """Create a record, or change the one with that `Id`, at a moment of the system's clock."""
        key = values.get("Id") or record_id(sobject, next(self._numbers))
        fields = self.all_fields(sobject)
        unknown = set(values) - set(fields)
        if unknown:
            raise ValueError(f"{sobject} has no {', '.join(sorted(unknown))}")
        stored = self.records[sobject]
        if key not in stored:
            stored[key] = dict.fromkeys(fields) | {name: False for name, kind in fields.items() if kind == "boolean"}
            stored[key] |= {name: moment(at) for name in ("CreatedDate",) if name in fields}
        stored[key] |= {name: moment(at) for name in ("LastModifiedDate", "SystemModstamp") if name in fields}
        stored[key] |= values | {"Id": key}
        return str(key)

    def delete(self, sobject: str, key: str, at: datetime) -> None:
        """Move a record to the recycle bin, or end it where the object has none."""
        if "IsDeleted" in OBJECTS[sobject]:
            self.put(sobject, at, Id=key, IsDeleted=True)
        else:
            del self.records[sobject][key]

    def all_fields(self, sobject: str) -> dict[str, str]:
        return OBJECTS[sobject] | self.custom_fields.get(sobject, {})

    def visible_objects(self) -> Iterator[str]:
        return (name for name in OBJECTS if name not in self.hidden_objects)

    def visible_fields(self, sobject: str) -> dict[str, str]:
        fields = self.all_fields(sobject)
        return {name: kind for name, kind in fields.items() if (sobject, name) not in self.hidden_fields}

    def found(self, sobject: str, with_deleted: bool) -> list[Mapping[str, Any]]:
        return [row for row in self.records[sobject].values() if with_deleted or not row.get("IsDeleted")]
