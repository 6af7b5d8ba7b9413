"""An account as Fivetran and Airbyte land it: their tables in their documented layouts, straight into a warehouse.

Belongs here: the layouts. Does not belong here: what comes out of them.

https://fivetran.com/docs/connectors/applications/hubspot and https://docs.airbyte.com/integrations/sources/hubspot
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import duckdb

from tests.ingestion.hubspot.account import ACTIVITIES, Account, Record, iso

_MOMENTS = ("createdate", "closedate", "hs_timestamp", "hs_meeting_start_time", "hs_meeting_end_time", "modifieddate")
_FIVETRAN_ACTIVITIES = {
    "calls": "engagement_call",
    "meetings": "engagement_meeting",
    "emails": "engagement_email",
    "communications": "engagement_communication",
    "tasks": "engagement_task",
}
_SINGULAR = {"companies": "company", "contacts": "contact", "deals": "deal"}
_LISTED = {"companies": "company", "contacts": "contact", "leads": "lead"}


def fivetran(connection: duckdb.DuckDBPyConnection, account: Account, schema: str) -> None:
    """Whole-number ids, moments with a time zone, amounts as doubles, properties with a prefix."""
    tables: dict[str, list[dict[str, Any]]] = {
        "owner": [
            {
                "owner_id": int(owner["id"]),
                "user_id_including_inactive": owner["userIdIncludingInactive"],
                "email": owner["email"],
                "first_name": owner["firstName"],
                "last_name": owner["lastName"],
                "is_active": not owner["archived"],
                "updated_at": _Moment(owner["updatedAt"]),
            }
            for owner in account.owners
        ],
        "owner_team": [],
        "team": [],
        "deal_pipeline": [{"pipeline_id": each["id"], "label": each["label"]} for each in account.pipelines],
        "deal_pipeline_stage": [
            {
                "pipeline_id": pipeline["id"],
                "stage_id": stage["id"],
                "label": stage["label"],
                "display_order": stage["displayOrder"],
                "probability": float(stage["metadata"]["probability"]),
                "closed_won": stage["metadata"]["probability"] == "1.0",
                "_fivetran_deleted": False,
            }
            for pipeline in account.pipelines
            for stage in pipeline["stages"]
        ],
        "deal_property_history": [
            {
                "deal_id": int(deal.id),
                "name": name,
                "value": change["value"],
                "timestamp": _Moment(change["timestamp"]),
                "source_id": change["sourceId"],
            }
            for deal in account.records["deals"].values()
            for name, changes in deal.history.items()
            for change in changes
        ],
    }
    teams = sorted({owner["teams"][0]["name"] for owner in account.owners if "teams" in owner})
    tables["team"] = [{"id": number, "name": name} for number, name in enumerate(teams)]
    tables["owner_team"] = [
        {
            "owner_id": int(owner["id"]),
            "team_id": teams.index(owner["teams"][0]["name"]),
            "is_team_primary": True,
        }
        for owner in account.owners
        if "teams" in owner
    ]
    for object_type, table in _LISTED.items():
        tables[table] = [
            {"id": int(record.id), "is_deleted": bool(record.archived_at), **_fivetran_properties(record)}
            for record in account.records[object_type].values()
        ]
    renamed = {"pipeline": "deal_pipeline_id", "dealstage": "deal_pipeline_stage_id", "hubspot_owner_id": "owner_id"}
    tables["deal"] = [
        {
            "deal_id": int(deal.id),
            "is_deleted": bool(deal.archived_at),
            **{column: deal.properties.get(name) for name, column in renamed.items()},
            **{
                name: value
                for name, value in _fivetran_properties(deal).items()
                if name.removeprefix("property_") not in renamed
            },
        }
        for deal in account.records["deals"].values()
    ]
    # Of the kinds of activity, those that the account does not use have no table.
    for object_type, table in _FIVETRAN_ACTIVITIES.items():
        if object_type not in ("calls", "meetings") and not account.records[object_type]:
            continue
        tables[table] = [
            {
                "engagement_id": int(record.id),
                "_fivetran_deleted": bool(record.archived_at),
                **_fivetran_properties(record),
            }
            for record in account.records[object_type].values()
        ]
    for to_object in ("companies", "contacts"):
        tables[f"deal_{_SINGULAR[to_object]}"] = [
            {"deal_id": int(deal), f"{_SINGULAR[to_object]}_id": int(other), "type_id": kind["typeId"]}
            for deal, others in account.associations.get(("deals", to_object), {}).items()
            for other, kinds in others.items()
            for kind in kinds
        ]
    for to_object, singular in _SINGULAR.items():
        tables[f"engagement_{singular}"] = [
            {"engagement_id": int(activity), f"{singular}_id": int(other)}
            for from_object in _FIVETRAN_ACTIVITIES
            for activity, others in account.associations.get((from_object, to_object), {}).items()
            for other in others
        ]
    empty = {
        "deal_contact": "deal_id BIGINT, contact_id BIGINT, type_id BIGINT",
        "engagement_contact": "engagement_id BIGINT, contact_id BIGINT",
    }
    _create(connection, schema, tables, empty, "_fivetran_synced")


def airbyte(connection: duckdb.DuckDBPyConnection, account: Account, schema: str) -> None:
    """The API's own names and texts, lists and objects as JSON, archived records in streams of their own."""
    tables: dict[str, list[dict[str, Any]]] = {
        "owners": [_as_json(owner) for owner in account.owners if not owner["archived"]],
        "owners_archived": [_as_json(owner) for owner in account.owners if owner["archived"]],
        "deal_pipelines": [
            {
                "pipelineId": pipeline["id"],
                "label": pipeline["label"],
                "stages": json.dumps([{**stage, "stageId": stage["id"]} for stage in pipeline["stages"]]),
            }
            for pipeline in account.pipelines
        ],
        "deals_property_history": [
            {
                "dealId": deal.id,
                "property": name,
                "value": change["value"],
                "timestamp": change["timestamp"],
                "updatedByUserId": change.get("updatedByUserId"),
            }
            for deal in account.records["deals"].values()
            for name, changes in deal.history.items()
            for change in changes
        ],
    }
    for object_type, records in account.records.items():
        if object_type == "communications":
            continue  # Airbyte has no stream of these.
        stream = f"engagements_{object_type}" if object_type in ACTIVITIES else object_type
        for name, is_archived in ((stream, False), (f"{stream}_archived", True)):
            tables[name] = [
                {
                    "id": record.id,
                    "archived": is_archived,
                    "updatedAt": iso(record.updated_at),
                    **{f"properties_{key}": value for key, value in record.properties.items()},
                    **{
                        to_object: json.dumps([int(other) for other in others.get(record.id, {})])
                        for (from_object, to_object), others in account.associations.items()
                        if from_object == object_type
                    },
                }
                for record in records.values()
                if bool(record.archived_at) == is_archived
            ]
    there = {name: rows for name, rows in tables.items() if rows or "archived" not in name}
    _create(connection, schema, there, {}, "_airbyte_extracted_at")


class _Moment(str):
    """A text that becomes a timestamp with time zone."""


def _fivetran_properties(record: Record) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, value in record.properties.items():
        if value is not None and name.endswith(_MOMENTS):
            properties[f"property_{name}"] = _Moment(value)
        elif value is not None and name in ("amount", "hs_call_duration"):
            properties[f"property_{name}"] = float(value)
        else:
            properties[f"property_{name}"] = value
    return properties


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}


def _create(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    tables: dict[str, list[dict[str, Any]]],
    empty: dict[str, str],
    synced: str,
) -> None:
    """Make the tables, with the column `synced` of the tool's last synchronisation of a row."""
    connection.execute(f"CREATE SCHEMA {schema}")
    for table, rows in tables.items():
        columns = dict.fromkeys(name for row in rows for name in row)
        definitions = [f'"{name}" {_type(row.get(name) for row in rows)}' for name in columns]
        if not definitions:
            definitions = [empty.get(table, "id VARCHAR")]
        connection.execute(f'CREATE TABLE {schema}."{table}" ({", ".join(definitions)})')
        # Both tools write moments with a time zone; a day that no test looks at.
        definition = f"{synced} TIMESTAMPTZ DEFAULT '2026-01-01 00:00:00+00'"
        connection.execute(f'ALTER TABLE {schema}."{table}" ADD COLUMN {definition}')
        if rows:
            names = ", ".join(f'"{name}"' for name in columns)
            marks = ", ".join("?" for _ in columns)
            values = [[_plain(row.get(name)) for name in columns] for row in rows]
            connection.executemany(f'INSERT INTO {schema}."{table}" ({names}) VALUES ({marks})', values)


def _type(values: Iterable[Any]) -> str:
    for value in values:
        for python_type, sql_type in (
            (_Moment, "TIMESTAMPTZ"),
            (bool, "BOOLEAN"),
            (int, "BIGINT"),
            (float, "DOUBLE"),
            (str, "VARCHAR"),
        ):
            if isinstance(value, python_type):
                return sql_type
    return "VARCHAR"


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, _Moment) else value
