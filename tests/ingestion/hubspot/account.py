"""A HubSpot account in memory: records with their history, associations, the search index.

Belongs here: what HubSpot keeps and how it changes. Does not belong here: HTTP (`server`), or what a test expects.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ACTIVITIES = ("calls", "meetings", "emails", "communications", "tasks")
OBJECT_TYPES = ("companies", "contacts", "leads", "deals", *ACTIVITIES, "goal_targets")

# Type ids of https://developers.hubspot.com/docs/api/crm/associations#association-type-id-values.
ASSOCIATION_TYPE_IDS = {
    ("deals", "companies"): 341,
    ("deals", "contacts"): 3,
    ("deals", "calls"): 205,
    ("deals", "meetings"): 211,
    ("calls", "deals"): 206,
    ("calls", "companies"): 182,
    ("calls", "contacts"): 194,
    ("meetings", "deals"): 212,
    ("meetings", "companies"): 188,
    ("meetings", "contacts"): 200,
    ("companies", "deals"): 342,
    ("contacts", "deals"): 4,
    ("contacts", "calls"): 193,
    ("contacts", "meetings"): 199,
    ("companies", "calls"): 181,
    ("companies", "meetings"): 187,
    ("emails", "deals"): 210,
    ("emails", "companies"): 186,
    ("emails", "contacts"): 198,
    ("deals", "emails"): 209,
    ("companies", "emails"): 185,
    ("contacts", "emails"): 197,
    ("communications", "deals"): 85,
    ("communications", "companies"): 87,
    ("communications", "contacts"): 81,
    ("deals", "communications"): 86,
    ("companies", "communications"): 88,
    ("contacts", "communications"): 82,
    ("leads", "contacts"): 578,
    ("leads", "companies"): 610,
    ("leads", "deals"): 583,
    ("contacts", "leads"): 579,
    ("companies", "leads"): 611,
    ("deals", "leads"): 584,
    ("tasks", "deals"): 216,
    ("tasks", "companies"): 192,
    ("tasks", "contacts"): 204,
    ("deals", "tasks"): 215,
    ("companies", "tasks"): 191,
    ("contacts", "tasks"): 203,
}
PRIMARY_COMPANY_TYPE_ID = 5


def modified_property(object_type: str) -> str:
    return "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


@dataclass
class Record:
    """One record: its properties now, and each one's values before, newest first."""

    id: str
    properties: dict[str, str | None]
    created_at: datetime
    updated_at: datetime
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    archived_at: datetime | None = None


class Account:
    """What one HubSpot account holds. Times advance by a second per change unless a test says when it was."""

    def __init__(self, now: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> None:
        self.now = now
        self.records: dict[str, dict[str, Record]] = {name: {} for name in OBJECT_TYPES}
        # What search finds: the last state of each record that the index was told of.
        self.index: dict[str, dict[str, dict[str, str | None]]] = {name: {} for name in OBJECT_TYPES}
        self.index_is_late = False
        self._unindexed: list[tuple[str, str]] = []
        # Ids that a merge took away, and the record that each one stands for now.
        self.merged_into: dict[tuple[str, str], str] = {}
        self.associations: dict[tuple[str, str], dict[str, dict[str, list[dict[str, Any]]]]] = {}
        self.owners: list[dict[str, Any]] = []
        self.pipelines: list[dict[str, Any]] = []
        self.lead_pipelines: list[dict[str, Any]] = []
        # Campaigns as they are listed, and the answer to the question for the budget of each.
        self.campaigns: list[dict[str, Any]] = []
        self.budgets: dict[str, dict[str, Any]] = {}
        self.dispositions: list[dict[str, Any]] = []
        self.exchange_rates: list[dict[str, Any]] = []
        self._ids = itertools.count(1001)

    def tick(self, seconds: float = 1) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    # Records

    def create(
        self,
        object_type: str,
        properties: Mapping[str, str | None],
        at: datetime | None = None,
        by: int | None = None,
        record_id: str | None = None,
    ) -> str:
        moment = at or self.tick()
        record_id = record_id or str(next(self._ids))
        record = Record(record_id, {}, moment, moment)
        self.records[object_type][record_id] = record
        created = {"createdate": iso(moment), "hs_object_id": record_id, **properties}
        if object_type in (*ACTIVITIES, "leads", "goal_targets"):
            created["hs_createdate"] = created.pop("createdate")
        self._set(object_type, record, created, moment, by)
        return record_id

    def update(
        self,
        object_type: str,
        record_id: str,
        properties: Mapping[str, str | None],
        at: datetime | None = None,
        by: int | None = None,
    ) -> None:
        self._set(object_type, self.records[object_type][record_id], properties, at or self.tick(), by)

    def touch(self, object_type: str, record_id: str, at: datetime) -> None:
        """Set only the moment of the last change, as a batch update does for all its records."""
        self._set(object_type, self.records[object_type][record_id], {}, at, None)

    def _set(
        self,
        object_type: str,
        record: Record,
        properties: Mapping[str, str | None],
        moment: datetime,
        by: int | None,
    ) -> None:
        for name, value in properties.items():
            record.properties[name] = value
            entry: dict[str, Any] = {
                "value": value if value is not None else "",
                "timestamp": iso(moment),
                "sourceType": "CRM_UI" if by else "INTEGRATION",
                "sourceId": f"userId:{by}" if by else None,
            }
            if by:
                entry["updatedByUserId"] = by
            record.history.setdefault(name, []).insert(0, entry)
        record.updated_at = max(record.updated_at, moment)
        record.properties[modified_property(object_type)] = iso(record.updated_at)
        self._changed(object_type, record.id)

    # Search index

    def _changed(self, object_type: str, record_id: str) -> None:
        self._unindexed.append((object_type, record_id))
        if not self.index_is_late:
            self.catch_up()

    def catch_up(self) -> None:
        """Let search find all changes. While `index_is_late`, changes wait for this."""
        for object_type, record_id in self._unindexed:
            record = self.records[object_type].get(record_id)
            if record is None or record.archived_at:
                self.index[object_type].pop(record_id, None)
            else:
                self.index[object_type][record_id] = dict(record.properties)
        self._unindexed.clear()

    # Archived and merged records

    def archive(self, object_type: str, record_id: str) -> None:
        self.records[object_type][record_id].archived_at = self.tick()
        self._changed(object_type, record_id)

    def restore(self, object_type: str, record_id: str) -> None:
        """Bring a record back from the recycle bin. Its moment of the last change stays what it was."""
        self.tick()
        self.records[object_type][record_id].archived_at = None
        self._changed(object_type, record_id)

    def purge(self, object_type: str, record_id: str) -> None:
        """Delete for good, as HubSpot does 90 days after a record was archived."""
        del self.records[object_type][record_id]
        self._changed(object_type, record_id)

    def merge(self, object_type: str, primary: str, other: str) -> str:
        """Merge two records into a new one with a new id, as HubSpot does since 2025; returns that id.

        Both old ids stand for the new record from now on and are in no list: neither archived nor found.
        https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
        """
        moment = self.tick()
        records = self.records[object_type]
        kept, lost = records.pop(primary), records.pop(other)
        new_id = str(next(self._ids))
        merged_ids = [primary, other]
        for record in (kept, lost):
            before = record.properties.get("hs_merged_object_ids")
            merged_ids += before.split(";") if before else []
        record = Record(new_id, dict(kept.properties), min(kept.created_at, lost.created_at), moment)
        record.history = {name: list(entries) for name, entries in kept.history.items()}
        records[new_id] = record
        self._set(
            object_type, record, {"hs_object_id": new_id, "hs_merged_object_ids": ";".join(merged_ids)}, moment, None
        )
        for old in (primary, other):
            self.merged_into[(object_type, old)] = new_id
            self._changed(object_type, old)
        self._move_associations(object_type, (primary, other), new_id)
        return new_id

    def resolve(self, object_type: str, record_id: str) -> str:
        while (object_type, record_id) in self.merged_into:
            record_id = self.merged_into[(object_type, record_id)]
        return record_id

    # Associations

    def associate(
        self, from_type: str, from_id: str, to_type: str, to_id: str, label: str | None = None, is_primary: bool = False
    ) -> None:
        """Connect two records, in both directions. Like HubSpot, it does not count as a change of either."""
        for left, left_id, right, right_id in (
            (from_type, from_id, to_type, to_id),
            (to_type, to_id, from_type, from_id),
        ):
            type_id = ASSOCIATION_TYPE_IDS[(left, right)]
            types = [{"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": label}]
            if is_primary and (left, right) == ("deals", "companies"):
                types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": PRIMARY_COMPANY_TYPE_ID, "label": "Primary"})
            self.associations.setdefault((left, right), {}).setdefault(left_id, {})[right_id] = types

    def dissociate(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        del self.associations[(from_type, to_type)][from_id][to_id]
        del self.associations[(to_type, from_type)][to_id][from_id]

    def _move_associations(self, object_type: str, old_ids: Iterable[str], new_id: str) -> None:
        for (left, right), by_id in self.associations.items():
            if left == object_type:
                for old in old_ids:
                    by_id.setdefault(new_id, {}).update(by_id.pop(old, {}))
            if right == object_type:
                for targets in by_id.values():
                    for old in old_ids:
                        if old in targets:
                            targets[new_id] = targets.pop(old)

    # Settings of the account

    def add_owner(
        self,
        owner_id: str,
        first_name: str,
        last_name: str,
        email: str,
        team: str | None = None,
        user_id: int | None = None,
    ) -> None:
        user_id = user_id if user_id is not None else 500_000 + int(owner_id)
        teams = [{"id": f"7{len(team)}", "name": team, "primary": True}] if team else []
        self.owners.append(
            {
                "id": owner_id,
                "email": email,
                "type": "PERSON",
                "firstName": first_name,
                "lastName": last_name,
                "userId": user_id,
                "userIdIncludingInactive": user_id,
                "createdAt": iso(self.now),
                "updatedAt": iso(self.now),
                "archived": False,
                **({"teams": teams} if teams else {}),
            }
        )

    def archive_owner(self, owner_id: str) -> None:
        owner = next(owner for owner in self.owners if owner["id"] == owner_id)
        owner.update(archived=True, userId=None, updatedAt=iso(self.tick()))

    def add_pipeline(self, pipeline_id: str, label: str, stages: Iterable[tuple[str, str, str, bool]]) -> None:
        """`stages` are (id, label, probability, whether it is closed) in their order."""
        described = [
            (stage_id, stage_label, {"isClosed": str(is_closed).lower(), "probability": probability})
            for stage_id, stage_label, probability, is_closed in stages
        ]
        self.pipelines.append(self._pipeline(pipeline_id, label, len(self.pipelines), described))

    def add_lead_pipeline(self, pipeline_id: str, label: str, stages: Iterable[tuple[str, str]]) -> None:
        """`stages` are (id, label) in their order. Those of HubSpot's own making have ids such as `new-stage-id`."""
        described = [(stage_id, stage_label, {"leadState": "NEW"}) for stage_id, stage_label in stages]
        self.lead_pipelines.append(self._pipeline(pipeline_id, label, len(self.lead_pipelines), described))

    def _pipeline(
        self, pipeline_id: str, label: str, position: int, stages: Iterable[tuple[str, str, dict[str, str]]]
    ) -> dict[str, Any]:
        moment = iso(self.now)
        return {
            "id": pipeline_id,
            "label": label,
            "displayOrder": position,
            "stages": [
                {
                    "id": stage_id,
                    "label": stage_label,
                    "displayOrder": order,
                    "metadata": metadata,
                    "createdAt": moment,
                    "updatedAt": moment,
                    "archived": False,
                    "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                }
                for order, (stage_id, stage_label, metadata) in enumerate(stages)
            ],
            "createdAt": moment,
            "updatedAt": moment,
            "archived": False,
        }

    def add_campaign(self, campaign_id: str, properties: Mapping[str, str | None], currency: str = "EUR") -> None:
        """A campaign on which nothing was spent yet. `properties` are HubSpot's, such as `hs_start_date`."""
        moment = iso(self.tick())
        given = {"hs_name": campaign_id, **properties}
        self.campaigns.append({"id": campaign_id, "properties": given, "createdAt": moment, "updatedAt": moment})
        self.budgets[campaign_id] = {"budgetItems": [], "spendItems": [], "currencyCode": currency}

    def spend(self, campaign_id: str, amount: float, at: datetime) -> str:
        """Enter what a campaign cost; the id of the item. HubSpot lists items in no order, and sums them up itself."""
        moment = int(at.timestamp() * 1000)
        items = self.budgets[campaign_id]["spendItems"]
        item = {"id": str(next(self._ids)), "name": "Advertising", "amount": amount, "order": len(items)}
        items.insert(0, {**item, "createdAt": moment, "updatedAt": moment})
        self._sum_up(campaign_id)
        return str(item["id"])

    def remove_spend(self, campaign_id: str, item_id: str) -> None:
        budget = self.budgets[campaign_id]
        budget["spendItems"] = [item for item in budget["spendItems"] if item["id"] != item_id]
        self._sum_up(campaign_id)

    def _sum_up(self, campaign_id: str) -> None:
        campaign = next(each for each in self.campaigns if each["id"] == campaign_id)
        total = sum(item["amount"] for item in self.budgets[campaign_id]["spendItems"])
        campaign["properties"]["hs_spend_items_sum_amount"] = str(total)
        campaign["updatedAt"] = iso(self.tick())

    def add_exchange_rate(self, currency: str, company_currency: str, rate: float, effective_at: datetime) -> None:
        """What one unit of a currency is worth in the company currency, from a moment on."""
        self.exchange_rates.append(
            {
                "id": str(next(self._ids)),
                "fromCurrencyCode": currency,
                "toCurrencyCode": company_currency,
                "conversionRate": rate,
                "effectiveAt": iso(effective_at),
                "visibleInUI": True,
                "createdAt": iso(self.now),
                "updatedAt": iso(self.now),
            }
        )

    def delete_stage(self, pipeline_id: str, stage_id: str) -> None:
        pipeline = next(pipeline for pipeline in self.pipelines if pipeline["id"] == pipeline_id)
        pipeline["stages"] = [stage for stage in pipeline["stages"] if stage["id"] != stage_id]
