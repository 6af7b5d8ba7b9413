"""One company twice: as records of a Salesforce organisation, and as the landing files that say the same.

Belongs here: what becomes of a synthetic company where Salesforce holds it. Does not belong here: the server, or what
is compared.

What Salesforce has no standard field for (days of employment, segments, outcomes of meetings) is in neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from ingestion.demo import generate
from tests.ingestion.salesforce.org import Org, moment, record_id

Row = dict[str, Any]

_FORECAST_NAMES = {"Best Case": "BestCase", "Commit": "Forecast"}
_DISPOSITIONS = {
    "connected": "Spoke with contact",
    "voicemail": "Left a message",
    "no_answer": "No Answer",
    "busy": "Busy signal",
    "failed": "Wrong number",
    "other": "Something else",
}
_OBJECTS = {
    "users": ("User", "user_id"),
    "accounts": ("Account", "account_id"),
    "leads": ("Lead", "lead_id"),
    "opportunities": ("Opportunity", "opportunity_id"),
    "calls": ("Task", "call_id"),
    "meetings": ("Event", "meeting_id"),
    "touches": ("Task", "touch_id"),
    "quotas": ("ForecastingQuota", "quota_id"),
}
_REFERENCES = {
    "user_id": "User",
    "owner_id": "User",
    "manager_id": "User",
    "changed_by": "User",
    "account_id": "Account",
    "opportunity_id": "Opportunity",
    "lead_id": "Lead",
}


class SalesforceCompany:
    """A synthetic company with some hundred calls. `org` holds its records, `write_landing` its files."""

    def __init__(self, scratch: Path, calls: int = 300) -> None:
        generate(scratch, calls=calls)
        self._ids: dict[tuple[str, str], str] = {}
        self.entities = {name: self._read(scratch, name) for name in (*_OBJECTS, "opportunity_history")}
        self.rates = self._read(scratch, "exchange_rates")
        self.stages = [
            row | {"position": number} for number, row in enumerate(self._read(scratch, "pipeline_stages"), start=1)
        ]
        self.territories = self._read(scratch, "territories")
        self._adjust()
        self.org = Org()
        self._fill()

    def write_landing(self, folder: Path) -> None:
        """Write the files: ids as Repline makes them of Salesforce's, everything in one pipeline."""
        folder.mkdir(parents=True)
        entities: dict[str, Iterable[Row]] = {
            **self.entities,
            "pipeline_stages": self.stages,
            "territories": self.territories,
            "exchange_rates": [
                row | {"rate": f"{round(1 / self._conversion_rate(row), 10):.10f}"} for row in self.rates
            ],
        }
        for name, rows in entities.items():
            with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
                for row in rows:
                    file.write(json.dumps({key: _landing(key, value) for key, value in row.items()}) + "\n")

    def _read(self, folder: Path, entity: str) -> list[Row]:
        source = f"{folder}/{entity}.csv" if (folder / f"{entity}.csv").exists() else f"{folder}/{entity}/*.parquet"
        with duckdb.connect() as connection:
            found = connection.execute(f"SELECT * FROM '{source}' ORDER BY ALL")
            names = [column[0] for column in found.description or []]
            return [self._with_record_ids(entity, dict(zip(names, row, strict=True))) for row in found.fetchall()]

    def _with_record_ids(self, entity: str, row: Row) -> Row:
        own, key = _OBJECTS.get(entity, ("", ""))
        for column, value in row.items():
            sobject = own if column == key else _REFERENCES.get(column)
            if sobject and value is not None:
                known = self._ids.setdefault((sobject, value), record_id(sobject, len(self._ids) + 1))
                row[column] = known
            elif isinstance(value, datetime):
                row[column] = value.replace(microsecond=0)
        return row

    def _adjust(self) -> None:
        """Leave out what Salesforce cannot hold."""
        for row in self.entities["users"]:
            row.update(hired_on=None, left_on=None)
        for row in self.territories:
            row.update(name=row["territory"], region=None)
        for row in self.entities["accounts"]:
            row.update(segment=None)
        for row in self.entities["leads"]:
            if row["converted_at"] is None:
                row.update(account_id=None)
            else:
                day = datetime.combine(row["converted_at"].date(), datetime.min.time())
                row.update(converted_at=max(day, row["created_at"]))
        for row in self.entities["opportunities"]:
            row.update(pipeline="default", currency=row["currency"] or "USD", loss_reason=None)
        for row in self.stages:
            row.update(pipeline="default")
        for row in self.entities["meetings"]:
            row.update(status=None)
        for row in self.entities["touches"]:
            row.update(sequence=None)
            if row["channel"] != "email":
                row.update(channel="social", replied_at=None)
        for row in self.entities["quotas"]:
            row.update(currency=row["currency"] or "USD")
        categories = {row["stage"]: row["forecast_category"] for row in self.stages}
        changes: list[Row] = []
        for row in sorted(self.entities["opportunity_history"], key=_opportunity_and_moment):
            row.update(pipeline="default", forecast_category=categories[row["stage"]])
            last = changes[-1] if changes and _is_same(changes[-1], row, "opportunity_id") else None
            if last and _is_same(last, row, "changed_at"):
                changes[-1] = row
            elif not last or not _is_same(last, row, "stage", "amount", "close_date", "owner_id"):
                changes.append(row)
        self.entities["opportunity_history"] = changes

    @staticmethod
    def _conversion_rate(row: Row) -> float:
        return round(1 / float(row["rate"]), 6)

    def _fill(self) -> None:
        self._fill_settings()
        self._fill_users()
        self._fill_accounts_and_leads()
        self._fill_opportunities()
        self._fill_activities()

    def _put(self, sobject: str, row: Row, created: datetime | None = None, **values: Any) -> str:
        """Create a record as it was last changed at the row's updated_at."""
        changed = (row.get("updated_at") or created or datetime(2024, 1, 1)).replace(tzinfo=UTC)
        key = self.org.put(sobject, changed, **{name: _api(value) for name, value in values.items()})
        if created and "CreatedDate" in self.org.records[sobject][key]:
            self.org.records[sobject][key]["CreatedDate"] = moment(created.replace(tzinfo=UTC))
        return key

    def _fill_settings(self) -> None:
        for row in self.stages:
            self._put(
                "OpportunityStage",
                {},
                MasterLabel=row["stage"],
                ApiName=row["stage"],
                IsActive=True,
                # Deleted stages leave gaps.
                SortOrder=10 * row["position"],
                IsClosed=row["is_closed"],
                IsWon=row["is_won"],
                DefaultProbability=None if row["probability"] is None else 100 * row["probability"],
                ForecastCategoryName=row["forecast_category"],
            )
        self._put("CurrencyType", {}, IsoCode="USD", ConversionRate=1.0, IsCorporate=True, IsActive=True)
        for row in self.rates:
            rate, day = self._conversion_rate(row), row["rate_date"]
            later = [each["rate_date"] for each in self.rates if each["currency"] == row["currency"]]
            next_day = min((each for each in later if each > day), default=None)
            self._put(
                "DatedConversionRate",
                {},
                IsoCode=row["currency"],
                ConversionRate=rate,
                StartDate=day,
                NextStartDate=next_day,
            )
        types = {
            metric: self._put("ForecastingType", {}, DeveloperName=metric, IsActive=True)
            for metric in ("OpportunityRevenue", "qualified_leads")
        }
        periods: dict[tuple[date, date], str] = {}
        for row in self.entities["quotas"]:
            span = row["period_start"], row["period_end"]
            if span not in periods:
                periods[span] = self._put("Period", {}, StartDate=span[0], EndDate=span[1], Type="Quarter")
            self._put(
                "ForecastingQuota",
                row,
                Id=row["quota_id"],
                QuotaOwnerId=row["user_id"],
                QuotaAmount=row["amount"],
                CurrencyIsoCode=row["currency"],
                StartDate=span[0],
                PeriodId=periods[span],
                ForecastingTypeId=types[row["metric"] or "OpportunityRevenue"],
                IsAmount=True,
            )

    def _fill_users(self) -> None:
        roles = {
            role: self._put("UserRole", {}, Name=role) for role in sorted({r["role"] for r in self.entities["users"]})
        }
        territories = self._fill_territories()
        for number, row in enumerate(self.entities["users"]):
            # Some organisations have territories in the division.
            in_division = number % 3 == 0
            if row["territory"] and not in_division:
                place = {"UserId": row["user_id"], "Territory2Id": territories[row["territory"]]}
                self._put("UserTerritory2Association", row, **place, IsActive=True)
            self._put(
                "User",
                row,
                Id=row["user_id"],
                Name=row["full_name"],
                Email=row["email"],
                UserRoleId=roles[row["role"]],
                ManagerId=row["manager_id"],
                Department=row["team"],
                Division=row["territory"] if in_division else "Sales",
                UserType="Standard",
                IsActive=not row["is_deleted"],
            )

    def _fill_territories(self) -> dict[str, str]:
        """The ids of territories by their names."""
        model = self._put("Territory2Model", {}, State="Active")
        keys = {
            row["territory"]: record_id("Territory2", number) for number, row in enumerate(self.territories, start=1)
        }
        for row in self.territories:
            parent = keys.get(row["parent"])
            own = {"Id": keys[row["territory"]], "Name": row["territory"], "Territory2ModelId": model}
            self._put("Territory2", row, **own, ParentTerritory2Id=parent)
        return keys

    def _fill_accounts_and_leads(self) -> None:
        for row in self.entities["accounts"]:
            self._put(
                "Account",
                row,
                row["created_at"],
                Id=row["account_id"],
                Name=row["name"],
                Industry=row["industry"],
                BillingCountry=row["country"],
                OwnerId=row["owner_id"],
                IsDeleted=row["is_deleted"],
            )
        for row in self.entities["leads"]:
            converted = row["converted_at"]
            self._put(
                "Lead",
                row,
                row["created_at"],
                Id=row["lead_id"],
                OwnerId=row["owner_id"],
                LeadSource=row["source"],
                Status=row["status"],
                IsConverted=converted is not None,
                ConvertedDate=converted.date() if converted else None,
                ConvertedAccountId=row["account_id"],
                ConvertedOpportunityId=row["opportunity_id"],
                IsDeleted=row["is_deleted"],
            )

    def _fill_opportunities(self) -> None:
        stages = {row["stage"]: row for row in self.stages}
        for row in self.entities["opportunities"]:
            stage = stages[row["stage"]]
            self._put(
                "Opportunity",
                row,
                row["created_at"],
                Id=row["opportunity_id"],
                AccountId=row["account_id"],
                OwnerId=row["owner_id"],
                Name=row["name"],
                StageName=row["stage"],
                Type=row["type"],
                LeadSource=row["lead_source"],
                Amount=row["amount"],
                CurrencyIsoCode=row["currency"],
                CloseDate=row["close_date"],
                IsClosed=stage["is_closed"],
                IsWon=stage["is_won"],
                IsDeleted=row["is_deleted"],
            )
        self._fill_products()
        last: Row = {}
        for row in self.entities["opportunity_history"]:
            self._fill_change(row, last if last and _is_same(last, row, "opportunity_id") else None)
            last = row

    def _fill_products(self) -> None:
        """Two thirds of each amount for the opportunity's product, the rest for another."""
        sold = [row for row in self.entities["opportunities"] if row["product"]]
        keys = {name: self._put("Product2", {}, Name=name) for name in sorted({row["product"] for row in sold})}
        for row in sold:
            other = next(name for name in (*keys, None) if name != row["product"])
            thirds = Decimal(row["amount"] or 3) / 3
            for product, price in ((row["product"], 2 * thirds), (other, thirds)):
                line = {"OpportunityId": row["opportunity_id"], "Product2Id": keys.get(product), "TotalPrice": price}
                self._put("OpportunityLineItem", row, **line)

    def _fill_change(self, row: Row, last: Row | None) -> None:
        """What Salesforce notes of a change: a state, where one of its fields changed, and each tracked field."""
        at = row["changed_at"]
        change = {"OpportunityId": row["opportunity_id"], "CreatedById": row["changed_by"]}
        if last is None or not _is_same(last, row, "stage", "amount", "close_date"):
            category = row["forecast_category"]
            self._put(
                "OpportunityHistory",
                {},
                at,
                **change,
                StageName=row["stage"],
                Amount=row["amount"],
                CloseDate=row["close_date"],
                ForecastCategory=_FORECAST_NAMES.get(category, category),
            )
        if last is None:
            return
        names = {"Amount": "amount", "CloseDate": "close_date", "StageName": "stage", "Owner": "owner_id"}
        for field, column in names.items():
            if not _is_same(last, row, column):
                self._put(
                    "OpportunityFieldHistory",
                    {},
                    at,
                    **change,
                    Field=field,
                    OldValue=last[column],
                    NewValue=row[column],
                    DataType="EntityId" if field == "Owner" else "Text",
                )
        if not _is_same(last, row, "owner_id"):
            # The same once more, as people read it.
            self._put(
                "OpportunityFieldHistory", {}, at, **change, Field="Owner", OldValue="Ada Berg", NewValue="Bo Dahl"
            )

    def _fill_activities(self) -> None:
        for number, row in enumerate(self.entities["calls"]):
            started = row["started_at"]
            # What was created as a plan counts when it was completed.
            is_planned = number % 10 == 0
            self._put(
                "Task",
                row,
                started - timedelta(days=5) if is_planned else started,
                Id=row["call_id"],
                OwnerId=row["user_id"],
                WhatId=row["opportunity_id"] or row["account_id"],
                AccountId=row["account_id"],
                WhoId=row["lead_id"],
                TaskSubtype="Call",
                CallType=row["direction"].title(),
                CallDurationInSeconds=row["duration_seconds"],
                CallDisposition=_DISPOSITIONS[row["disposition"]],
                ActivityDate=started.date(),
                CompletedDateTime=started if is_planned else None,
                IsClosed=True,
                IsDeleted=row["is_deleted"],
            )
        for row in self.entities["meetings"]:
            self._put(
                "Event",
                row,
                row["starts_at"],
                Id=row["meeting_id"],
                OwnerId=row["user_id"],
                WhatId=row["opportunity_id"],
                AccountId=row["account_id"],
                StartDateTime=row["starts_at"],
                EndDateTime=row["ends_at"],
                IsDeleted=row["is_deleted"],
            )
        for row in self.entities["touches"]:
            self._fill_touch(row)

    def _fill_touch(self, row: Row) -> None:
        """A touch as a task; an e-mail and its answer with a task each, and what was said in a thread of their own."""
        related = {
            "OwnerId": row["user_id"],
            "WhatId": row["opportunity_id"] or row["account_id"],
            "AccountId": row["account_id"],
            "WhoId": row["lead_id"],
            "IsClosed": True,
        }
        subtype = "LinkedIn" if row["channel"] == "social" else "ListEmail" if row["is_automated"] else "Email"
        task = {**related, "Id": row["touch_id"], "TaskSubtype": subtype, "CompletedDateTime": row["sent_at"]}
        self._put("Task", row, row["sent_at"], **task, IsDeleted=row["is_deleted"])
        if row["channel"] == "email":
            thread = {"ThreadIdentifier": row["touch_id"]}
            sent_at, answered_at = row["sent_at"], row["replied_at"]
            self._put(
                "EmailMessage", row, sent_at, ActivityId=row["touch_id"], MessageDate=sent_at, Status="3", **thread
            )
            if answered_at:
                answer = self._put("Task", row, answered_at, **related, TaskSubtype="Email")
                read = {"ActivityId": answer, "Incoming": True, "MessageDate": answered_at, "Status": "1"}
                self._put("EmailMessage", row, answered_at, **read, **thread)


def _opportunity_and_moment(row: Row) -> tuple[str, datetime]:
    return row["opportunity_id"], row["changed_at"]


def _is_same(left: Row, right: Row, *columns: str) -> bool:
    return all(left[column] == right[column] for column in columns)


def _api(value: Any) -> Any:
    """A value as Salesforce's JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return moment(value.replace(tzinfo=UTC))
    return value.isoformat() if isinstance(value, date) else value


def _landing(column: str, value: Any) -> Any:
    """A value as the landing file has it."""
    if value is not None and (column.endswith("_id") or column in ("changed_by", "pipeline")):
        return f"salesforce:{value}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
