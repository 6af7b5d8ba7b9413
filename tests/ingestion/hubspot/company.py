"""The synthetic company twice: as landing files with what HubSpot can say, and as a HubSpot account.

Belongs here: making both say the same. Does not belong here: what comes out of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from ingestion.demo import generate
from tests.ingestion.hubspot.account import Account

GUIDS = {
    "connected": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "voicemail": "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "no_answer": "73a0d17f-1163-4015-bdd5-ec830791da20",
    "busy": "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "failed": "17b47fee-58de-441e-a44c-c6300d46f273",
    "other": "an outcome of the account's own",
}
OUTCOMES = {"held": "COMPLETED", "no_show": "NO_SHOW", "cancelled": "CANCELED", "scheduled": "SCHEDULED"}

# The landing files, with ids as HubSpot has them (numbers) and as staging gives them (of the source), without what
# HubSpot does not know: roles, territories, managers, days of employment, products.
_ENTITIES = {
    "users": """
        SELECT id(user_number) AS user_id, full_name, email, team, TIMESTAMP '2024-01-01' AS updated_at
        FROM demo_users JOIN numbered_users USING (user_id)
    """,
    "accounts": """
        SELECT DISTINCT id(account_number) AS account_id, 'Company ' || account_number AS name,
            TIMESTAMP '2024-01-01' AS created_at, TIMESTAMP '2024-01-01' AS updated_at
        FROM (SELECT number(account_id, 3) AS account_number FROM demo_opportunities)
    """,
    # Every lead is of the lead object, whose deal is not older.
    "leads": """
        SELECT 'hubspot:lead-' || number(lead_id, 4) AS lead_id, id(user_number) AS owner_id,
            id(number(leads.account_id, 3)) AS account_id, source, status, leads.created_at,
            CASE WHEN deals.created_at >= leads.created_at THEN deals.created_at END AS converted_at,
            CASE WHEN deals.created_at >= leads.created_at THEN id(number(leads.opportunity_id, 2)) END
                AS opportunity_id, leads.updated_at, leads.is_deleted
        FROM demo_leads AS leads
        LEFT JOIN numbered_users ON owner_id = user_id
        LEFT JOIN demo_opportunities AS deals ON leads.opportunity_id = deals.opportunity_id
    """,
    "pipeline_stages": """
        SELECT 'hubspot:' || pipeline AS pipeline, stage, is_closed, is_won, probability,
            row_number() OVER (PARTITION BY pipeline ORDER BY is_closed, position::INTEGER) - 1 AS position
        FROM demo_pipeline_stages
    """,
    "opportunities": """
        SELECT id(number(opportunity_id, 2)) AS opportunity_id, id(number(account_id, 3)) AS account_id,
            id(user_number) AS owner_id, name, 'hubspot:' || pipeline AS pipeline, stage, type, amount, currency,
            lead_source, created_at, close_date, loss_reason, greatest(updated_at, last_change) AS updated_at,
            is_deleted
        FROM demo_opportunities
        LEFT JOIN numbered_users ON owner_id = user_id
        LEFT JOIN (SELECT opportunity_id, max(changed_at) AS last_change FROM demo_opportunity_history GROUP BY ALL)
            USING (opportunity_id)
    """,
    "opportunity_history": """
        SELECT id(number(opportunity_id, 2)) AS opportunity_id, changed_at, 'hubspot:' || pipeline AS pipeline, stage,
            amount, close_date, id(owners.user_number) AS owner_id, forecast_category,
            id(changers.user_number) AS changed_by
        FROM demo_opportunity_history
        LEFT JOIN numbered_users AS owners ON owner_id = owners.user_id
        LEFT JOIN numbered_users AS changers ON changed_by = changers.user_id
    """,
    "calls": """
        SELECT id(number(call_id, 5)) AS call_id, id(user_number) AS user_id, started_at, duration_seconds, direction,
            disposition, id(number(opportunity_id, 2)) AS opportunity_id, id(number(account_id, 3)) AS account_id,
            updated_at, is_deleted
        FROM demo_calls LEFT JOIN numbered_users USING (user_id)
    """,
    "meetings": """
        SELECT id(number(meeting_id, 6)) AS meeting_id, id(user_number) AS user_id, starts_at, ends_at, status,
            id(number(opportunity_id, 2)) AS opportunity_id, id(number(account_id, 3)) AS account_id, updated_at,
            is_deleted
        FROM demo_meetings LEFT JOIN numbered_users USING (user_id)
    """,
    # Touches are of deals here, as no lead is. A visit is a meeting in HubSpot, a call a task without a record of one.
    "touches": """
        SELECT id(touch_number) AS touch_id, id(user_number) AS user_id, id(number(account_id, 3)) AS account_id,
            id(number(opportunity_id, 2)) AS opportunity_id,
            CASE touch_number % 5 WHEN 0 THEN 'social' WHEN 1 THEN 'call' ELSE 'email' END AS channel, sent_at,
            CASE WHEN touch_number % 5 > 2 THEN sent_at + INTERVAL 5 HOUR END AS replied_at,
            CASE WHEN is_automated THEN '9' END AS sequence, is_automated, updated_at, is_deleted
        FROM (
            SELECT user_id, sent_at, updated_at, is_deleted, touch_number,
                touch_number % 7 > 4 AND touch_number % 5 > 1 AS is_automated
            FROM (SELECT *, 800000000 + row_number() OVER (ORDER BY touch_id) AS touch_number FROM demo_touches)
        )
        JOIN (
            SELECT opportunity_id, account_id, row_number() OVER (ORDER BY opportunity_id) - 1 AS position,
                count(*) OVER () AS total
            FROM demo_opportunities
        ) ON position = touch_number % total
        LEFT JOIN numbered_users USING (user_id)
    """,
    "quotas": """
        SELECT id(700000000 + row_number() OVER (ORDER BY quota_id)) AS quota_id, id(user_number) AS user_id, metric,
            period_start::DATE AS period_start, period_end::DATE AS period_end, amount, currency,
            updated_at::TIMESTAMP AS updated_at
        FROM demo_quotas LEFT JOIN numbered_users USING (user_id)
    """,
    # HubSpot's campaigns name no source of leads.
    "spend": """
        SELECT spend_id, month::DATE AS month, category, NULL AS channel, amount, currency
        FROM demo_spend WHERE category = 'marketing'
    """,
    "goals": """
        SELECT id(900000000 + row_number() OVER (ORDER BY goal_id)) AS goal_id, owner_type, id(user_number) AS owner_id,
            metric, 'at_least' AS direction, target::DECIMAL(18, 6) AS target, period_start::DATE AS period_start,
            period_end::DATE AS period_end, created_at::TIMESTAMP AS created_at, updated_at::TIMESTAMP AS updated_at
        FROM demo_goals JOIN numbered_users ON owner_id = user_id
        WHERE metric = 'won_count'
    """,
    "exchange_rates": "SELECT rate_date::DATE AS rate_date, currency, rate FROM demo_exchange_rates",
}
COMPANY_CURRENCY = "USD"
WON_DEALS = '[{"filters":[{"property":"hs_is_closed_won","operator":"EQ","value":"true"}]}]'


def write_company(folder: Path, calls: int) -> duckdb.DuckDBPyConnection:
    """Write all entities into `<folder>/complete`, and return a connection that has them as tables."""
    generate(folder / "demo", calls=calls)
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE MACRO id(number) AS 'hubspot:' || number;
        CREATE MACRO number(id, kind) AS kind * 100000000 + regexp_extract(id, '[0-9]+')::BIGINT;
        """
    )
    for entity in _ENTITIES:
        path = folder / "demo" / f"{entity}.csv"
        read = f"read_csv('{path}', all_varchar = true)" if path.exists() else f"'{folder}/demo/{entity}/*.parquet'"
        if entity != "accounts":
            connection.execute(f"CREATE TABLE demo_{entity} AS FROM {read}")
    connection.execute(
        "CREATE TABLE numbered_users AS "
        "SELECT user_id, 10 + row_number() OVER (ORDER BY user_id) AS user_number FROM demo_users"
    )
    for entity, query in _ENTITIES.items():
        connection.execute(f"CREATE TABLE {entity} AS {query}")
        (folder / "complete").mkdir(exist_ok=True)
        connection.execute(f"COPY {entity} TO '{folder}/complete/{entity}.parquet' (FORMAT parquet)")
    return connection


def as_account(connection: duckdb.DuckDBPyConnection) -> Account:
    """The company as a HubSpot account, but for its goals, campaigns and exchange rates (`add_targets`)."""
    account = Account(datetime(2024, 1, 1, tzinfo=UTC))
    for row in _rows(connection, "users"):
        first, _, last = row["full_name"].partition(" ")
        account.add_owner(_number(row["user_id"]), first, last, row["email"], row["team"])
    _add_pipelines(account, connection)
    account.dispositions = [{"id": guid, "label": name, "deleted": False} for name, guid in GUIDS.items()]
    for row in _rows(connection, "accounts"):
        account.create("companies", {"name": row["name"]}, _utc(row["created_at"]), None, _number(row["account_id"]))
    _add_deals(account, connection)
    _add_leads(account, connection)
    _add_calls(account, connection)
    _add_meetings(account, connection)
    _add_touches(account, connection)
    return account


def add_targets(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    """The company's quotas and goals, of which those in money are for what deals bring, its campaigns and rates."""
    for goal in _rows(connection, "goals"):
        properties = {
            "hs_goal_type": "custom",
            "hubspot_owner_id": _number(goal["owner_id"]),
            "hs_start_datetime": _iso(goal["period_start"]),
            "hs_end_datetime": f"{goal['period_end']}T23:59:59.999Z",
            "hs_target_amount": str(goal["target"]),
            "hs_kpi_object_type_id": "0-3",
            "hs_kpi_unit_type": "number",
            "hs_kpi_metric_type": "COUNT",
            "hs_kpi_filter_groups": WON_DEALS,
            "hs_kpi_tracking_method": "HIGHER_IS_BETTER",
            "hs_kpi_time_period_property": "closedate",
            "hs_createdate": _iso(goal["created_at"]),
        }
        account.create("goal_targets", properties, _utc(goal["updated_at"]), None, _number(goal["goal_id"]))
    for spend in _rows(connection, "spend"):
        campaign = f"campaign-{spend['currency']}"
        if campaign not in account.budgets:
            account.add_campaign(campaign, {}, spend["currency"] or COMPANY_CURRENCY)
        account.spend(campaign, float(spend["amount"]), datetime.combine(spend["month"], time(), UTC))
    for quota in _rows(connection, "quotas"):
        is_money = quota["metric"] is None
        properties = {
            "hs_goal_name": quota["metric"] or "Revenue",
            "hs_goal_type": "sales_quota" if is_money else "custom",
            "hs_group_correlation_uuid": f"family of {quota['user_id']}",
            "hubspot_owner_id": _number(quota["user_id"]),
            "hs_start_datetime": _iso(quota["period_start"]),
            "hs_end_datetime": f"{quota['period_end']}T23:59:59.999Z",
            "hs_target_amount": str(quota["amount"]),
            "hs_goal_target_currency_code": quota["currency"],
            "hs_kpi_object_type_id": "0-3" if is_money else "0-1",
            "hs_kpi_unit_type": "currency" if is_money else "number",
            "hs_kpi_time_period_property": "closedate" if is_money else "createdate",
        }
        account.create("goal_targets", properties, _utc(quota["updated_at"]), None, _number(quota["quota_id"]))
    for rate in _rows(connection, "exchange_rates"):
        day = datetime.combine(rate["rate_date"], time(), UTC)
        account.add_exchange_rate(rate["currency"], COMPANY_CURRENCY, float(rate["rate"]), day)


def _add_pipelines(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    stages = list(_rows(connection, "pipeline_stages", "pipeline, position"))
    for pipeline in dict.fromkeys(row["pipeline"] for row in stages):
        label = pipeline.removeprefix("hubspot:")
        account.add_pipeline(
            f"id-{label}",
            label,
            [
                (f"id-{row['stage']}", row["stage"], row["probability"], row["is_closed"] == "true")
                for row in stages
                if row["pipeline"] == pipeline
            ],
        )


def _add_deals(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    changes: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(connection, "opportunity_history", "opportunity_id, changed_at"):
        changes.setdefault(row["opportunity_id"], []).append(row)
    for deal in _rows(connection, "opportunities"):
        deal_id = _number(deal["opportunity_id"])
        properties = {
            "dealname": deal["name"],
            "dealtype": deal["type"],
            "deal_currency_code": deal["currency"],
            "hs_analytics_source": deal["lead_source"],
            "closed_lost_reason": deal["loss_reason"],
            "createdate": _iso(deal["created_at"]),
        }
        created, *later = changes[deal["opportunity_id"]]
        account.create("deals", properties | _tracked(created), _utc(created["changed_at"]), _changer(created), deal_id)
        for change in later:
            account.update("deals", deal_id, _tracked(change), _utc(change["changed_at"]), _changer(change))
        account.touch("deals", deal_id, _utc(deal["updated_at"]))
        account.associate("deals", deal_id, "companies", _number(deal["account_id"]), is_primary=True)
        if deal["is_deleted"]:
            account.archive("deals", deal_id)


def _tracked(change: dict[str, Any]) -> dict[str, str | None]:
    """The tracked properties after a change; a close date as the API sets a day."""
    return {
        "pipeline": "id-" + change["pipeline"].removeprefix("hubspot:"),
        "dealstage": f"id-{change['stage']}",
        "amount": None if change["amount"] is None else str(change["amount"]),
        "closedate": _iso(change["close_date"]),
        "hubspot_owner_id": _number(change["owner_id"]),
        "hs_manual_forecast_category": change["forecast_category"],
    }


def _changer(change: dict[str, Any]) -> int | None:
    return 500_000 + int(_number(change["changed_by"])) if change["changed_by"] else None


def _add_leads(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    leads = list(_rows(connection, "leads"))
    statuses = sorted({lead["status"] for lead in leads})
    account.add_lead_pipeline("lead-pipeline-id", "Leads", [(f"id-{status}", status) for status in statuses])
    for lead in leads:
        lead_id = lead["lead_id"].removeprefix("hubspot:lead-")
        company_id = _number(lead["account_id"]) if lead["account_id"] else None
        person = {"associatedcompanyid": company_id}
        contact_id = account.create("contacts", person, _utc(lead["created_at"]), None, f"9{lead_id}")
        properties = {
            "hubspot_owner_id": _number(lead["owner_id"]) if lead["owner_id"] else None,
            "hs_pipeline_stage": f"id-{lead['status']}",
            "hs_lead_source": lead["source"],
            "hs_primary_contact_id": contact_id,
            "hs_createdate": _iso(lead["created_at"]),
        }
        account.create("leads", properties, _utc(lead["updated_at"]), None, lead_id)
        account.associate("leads", lead_id, "contacts", contact_id)
        if company_id:
            account.associate("leads", lead_id, "companies", company_id)
        if lead["opportunity_id"]:
            # Other tools land only which deals the contact is connected to.
            account.associate("leads", lead_id, "deals", _number(lead["opportunity_id"]))
            account.associate("deals", _number(lead["opportunity_id"]), "contacts", contact_id)
        if lead["is_deleted"]:
            account.archive("leads", lead_id)
            account.archive("contacts", contact_id)


def _add_calls(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    for call in _rows(connection, "calls"):
        duration = call["duration_seconds"]
        properties = {
            "hubspot_owner_id": _number(call["user_id"]),
            "hs_timestamp": _iso(call["started_at"]),
            "hs_call_direction": call["direction"].upper(),
            "hs_call_duration": None if duration is None else str(int(duration * 1000)),
            "hs_call_disposition": GUIDS.get(call["disposition"]),
            "hs_call_status": "COMPLETED",
        }
        _add_activity(account, "calls", _number(call["call_id"]), properties, call)


def _add_meetings(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    for meeting in _rows(connection, "meetings"):
        properties = {
            "hubspot_owner_id": _number(meeting["user_id"]),
            "hs_timestamp": _iso(meeting["starts_at"]),
            "hs_meeting_start_time": _iso(meeting["starts_at"]),
            "hs_meeting_end_time": _iso(meeting["ends_at"]),
            "hs_meeting_outcome": OUTCOMES.get(meeting["status"]),
        }
        _add_activity(account, "meetings", _number(meeting["meeting_id"]), properties, meeting)


def _add_touches(account: Account, connection: duckdb.DuckDBPyConnection) -> None:
    for touch in _rows(connection, "touches"):
        touch_id = _number(touch["touch_id"])
        owner = {"hubspot_owner_id": _number(touch["user_id"]), "hs_timestamp": _iso(touch["sent_at"])}
        match touch["channel"]:
            case "social":
                message = {"hs_communication_channel_type": "LINKEDIN_MESSAGE", "hs_object_source": "CRM_UI"}
                _add_activity(account, "communications", touch_id, {**owner, **message}, touch)
            case "call":
                task = {"hs_task_type": "CALL", "hs_task_status": "COMPLETED"}
                _add_activity(account, "tasks", touch_id, {**owner, **task}, touch)
            case "email":
                email = {"hs_email_direction": "EMAIL", "hs_email_thread_id": touch_id, "hs_object_source": "EMAIL"}
                email |= {"hs_email_status": "SENT", "hs_sequence_id": touch["sequence"]}
                _add_activity(account, "emails", touch_id, {**owner, **email}, touch)
                if touch["replied_at"]:
                    answer = {"hs_email_direction": "INCOMING_EMAIL", "hs_timestamp": _iso(touch["replied_at"])}
                    account.create("emails", email | answer, _utc(touch["replied_at"]), None, f"9{touch_id}")


def _add_activity(
    account: Account, object_type: str, record_id: str, properties: dict[str, str | None], row: dict[str, Any]
) -> None:
    account.create(object_type, properties, _utc(row["updated_at"]), None, record_id)
    for to_object, other in (("deals", row["opportunity_id"]), ("companies", row["account_id"])):
        if other:
            account.associate(object_type, record_id, to_object, _number(other))
    if row["is_deleted"]:
        account.archive(object_type, record_id)


def _rows(connection: duckdb.DuckDBPyConnection, table: str, order: str = "ALL") -> Iterator[dict[str, Any]]:
    found = connection.execute(f"FROM {table} ORDER BY {order}")
    names = [column[0] for column in found.description or []]
    for row in found.fetchall():
        yield dict(zip(names, row, strict=True))


def _number(record_id: str) -> str:
    return record_id.removeprefix("hubspot:")


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _iso(moment: datetime | date | None) -> str | None:
    if moment is None:
        return None
    text = moment.isoformat(timespec="milliseconds") if isinstance(moment, datetime) else f"{moment}T00:00:00.000"
    return f"{text}Z"
