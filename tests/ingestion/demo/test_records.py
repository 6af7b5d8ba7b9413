"""The demo company's records fit one another: references, history, employment, pay, invoices and turns of calls.

Does not belong here: whether the company behaves like one (`test_demo_company`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.contract import ENTITIES
from ingestion.demo import generate
from tests.ingestion.demo.demo_files import CURRENT_HISTORY, Query, opened


@pytest.mark.parametrize("hour", [0, 9, 13, 23])
@pytest.mark.parametrize("day", [5, 8])
def test_nothing_but_meetings_and_quotas_lies_after_the_end(day: int, hour: int, tmp_path: Path) -> None:
    until = datetime(2025, 3, day, hour, 30, tzinfo=UTC)
    generate(tmp_path, calls=2_000, until=until)
    end = f"TIMESTAMP '{until:%Y-%m-%d %H:%M}'"
    with opened(tmp_path) as connection:
        for entity in ENTITIES:
            for column in entity.columns:
                if column.type == "TIMESTAMP" and column.name not in ("starts_at", "ends_at"):
                    ((latest,),) = connection.execute(f"SELECT max({column.name}) FROM {entity.name}").fetchall()
                    assert latest is None or latest <= until.replace(tzinfo=None), (entity.name, column.name)
        scheduled = connection.execute(f"SELECT DISTINCT status FROM meetings WHERE starts_at > {end}").fetchall()
        assert scheduled == [("scheduled",)]


def test_history_is_in_order_and_ends_in_the_current_record(query: Query) -> None:
    assert query("FROM opportunity_history ANTI JOIN opportunities USING (opportunity_id)") == []
    first = "SELECT opportunity_id, min(changed_at) AS first FROM opportunity_history GROUP BY ALL"
    assert query(f"FROM opportunities LEFT JOIN ({first}) USING (opportunity_id) WHERE first <> created_at") == []
    differing = query(f"""
        SELECT opportunity_id FROM opportunities AS now
        LEFT JOIN ({CURRENT_HISTORY}) AS last USING (opportunity_id)
        WHERE (now.pipeline, now.stage, now.amount, now.close_date, now.owner_id)
            IS DISTINCT FROM (last.pipeline, last.stage, last.amount, last.close_date, last.owner_id)
            OR last.changed_at > now.updated_at OR (NOT now.is_deleted AND last.changed_at <> now.updated_at)
    """)
    assert differing == []


def test_people_work_only_while_they_are_employed(query: Query) -> None:
    for entity, who, day in (
        ("calls", "user_id", "started_at"),
        ("meetings", "user_id", "starts_at"),
        ("opportunity_history", "owner_id", "changed_at"),
    ):
        outside = f"""
            FROM {entity} AS work LEFT JOIN users ON users.user_id = work.{who}
            WHERE users.user_id IS NULL OR work.{day}::DATE < hired_on
        """
        assert query(outside) == [], entity
    late = "JOIN users USING (user_id) WHERE {0}::DATE > left_on LIMIT 1"
    assert query(f"FROM calls {late.format('started_at')}") == []
    assert query(f"FROM meetings {late.format('starts_at')}") == []
    assert query("FROM opportunity_history JOIN users ON user_id = owner_id WHERE changed_at::DATE > left_on") == []
    open_with_leaver = """
        FROM opportunities JOIN pipeline_stages USING (pipeline, stage) JOIN users ON user_id = owner_id
        WHERE NOT is_closed AND left_on IS NOT NULL
    """
    assert query(open_with_leaver) == []


def test_references_lead_to_records(query: Query) -> None:
    for entity in ("opportunities", "calls", "meetings", "leads"):
        known = f"FROM {entity} ANTI JOIN accounts USING (account_id) WHERE account_id IS NOT NULL"
        assert query(known) == [], entity
    for entity in ("calls", "meetings", "leads"):
        known = f"FROM {entity} ANTI JOIN opportunities USING (opportunity_id) WHERE opportunity_id IS NOT NULL"
        assert query(known) == [], entity
    assert query("FROM calls ANTI JOIN leads USING (lead_id) WHERE lead_id IS NOT NULL") == []
    assert query("FROM users ANTI JOIN users AS m ON m.user_id = users.manager_id WHERE role <> 'vp'") == []
    assert query("FROM quotas ANTI JOIN users USING (user_id)") == []
    assert (
        query("""
        FROM opportunities ASOF LEFT JOIN exchange_rates
            ON exchange_rates.currency = opportunities.currency AND rate_date <= created_at::DATE
        WHERE opportunities.currency <> 'USD' AND rate IS NULL
    """)
        == []
    )


def test_everybody_stands_somewhere_from_the_first_day_on(query: Query) -> None:
    assert query("FROM user_history ANTI JOIN users USING (user_id)") == []
    assert (
        query("FROM user_history ANTI JOIN users AS m ON m.user_id = user_history.manager_id WHERE role <> 'vp'") == []
    )
    assert query("SELECT user_id FROM users ANTI JOIN user_history USING (user_id, role)") == []
    differing = query("""
        WITH last AS (
            FROM user_history QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY valid_from DESC) = 1
        )
        FROM users JOIN last USING (user_id)
        WHERE (users.role, users.manager_id, users.team, users.territory)
            IS DISTINCT FROM (last.role, last.manager_id, last.team, last.territory)
    """)
    assert differing == []
    changes = query("""
        WITH change AS (
            SELECT role, manager_id, team, lag(role) OVER person AS former_role,
                lag(manager_id) OVER person AS former_manager, lag(team) OVER person AS former_team
            FROM user_history WINDOW person AS (PARTITION BY user_id ORDER BY valid_from)
        )
        SELECT
            count(*) FILTER (former_role = 'sdr' AND role = 'ae'), count(*) FILTER (role = 'manager'
                AND former_role IS NOT NULL),
            count(*) FILTER (former_manager = manager_id || '-former'),
            count(*) FILTER (former_team LIKE 'Account%' AND team LIKE 'New Business%')
        FROM change
    """)
    assert min(changes[0]) > 0
    for child, parent in (("users", "territory"), ("territories", "parent")):
        missing = f"FROM {child} AS c ANTI JOIN territories AS t ON t.territory = c.{parent} WHERE {parent} IS NOT NULL"
        assert query(missing) == []


def test_pay_can_be_computed(query: Query) -> None:
    assert query("SELECT opportunity_id FROM opportunity_splits GROUP BY ALL HAVING sum(share) <> 1") == []
    assert (
        query("""
        FROM comp_tiers
        WINDOW plan AS (PARTITION BY plan_id ORDER BY tier)
        QUALIFY from_attainment <= lag(from_attainment) OVER plan OR rate < lag(rate) OVER plan
            OR tier <> row_number() OVER plan
    """)
        == []
    )
    assert query("FROM comp_assignments ANTI JOIN comp_plans USING (plan_id)") == []
    assert (
        query("""
        FROM comp_assignments
        QUALIFY valid_from <= lag(coalesce(valid_to, DATE '9999-12-31'))
            OVER (PARTITION BY user_id ORDER BY valid_from)
    """)
        == []
    )
    unpaid = """
        WITH won AS (
            SELECT owner_id, changed_at::DATE AS won_on FROM opportunity_history
            JOIN pipeline_stages USING (pipeline, stage) WHERE is_won
            QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY changed_at) = 1
        )
        FROM won WHERE NOT EXISTS (
            FROM comp_assignments
            WHERE user_id = owner_id AND won_on BETWEEN valid_from AND coalesce(valid_to, DATE '9999-12-31')
        )
    """
    assert query(unpaid) == []
    assert query("FROM cancellations JOIN opportunities USING (opportunity_id) WHERE cancelled_on <= close_date") == []
    assert (
        query("FROM cancellations JOIN opportunities AS o USING (opportunity_id) WHERE cancellations.amount > o.amount")
        == []
    )


def test_invoices_are_of_won_deals_and_add_up_to_them(query: Query) -> None:
    assert (
        query("""
        FROM invoices LEFT JOIN opportunities USING (opportunity_id)
        LEFT JOIN pipeline_stages USING (pipeline, stage)
        WHERE is_won IS NOT TRUE OR invoices.account_id <> opportunities.account_id
            OR invoices.currency IS DISTINCT FROM opportunities.currency
    """)
        == []
    )
    assert (
        query("""
        SELECT opportunity_id
        FROM invoices JOIN opportunities USING (opportunity_id)
        GROUP BY ALL
        HAVING sum(invoices.amount) NOT BETWEEN -0.01 AND any_value(opportunities.amount)
            OR (count(*) FILTER (kind <> 'credit') = 4
                AND sum(invoices.amount) FILTER (kind <> 'credit') <> any_value(opportunities.amount))
    """)
        == []
    )


def test_who_was_hired_was_a_candidate(query: Query) -> None:
    hired = "users WHERE role IN ('ae', 'am', 'sdr') AND hired_on >= DATE '2024-01-02'"
    assert query(f"SELECT user_id FROM {hired} EXCEPT SELECT user_id FROM candidates") == []
    assert query("FROM candidates ANTI JOIN users USING (user_id) WHERE user_id IS NOT NULL") == []
    assert query("FROM candidates WHERE (hired_at IS NULL) <> (user_id IS NULL) OR hired_at < offered_at") == []


def test_what_is_beside_the_deals_leads_to_records(query: Query) -> None:
    for entity, columns in {
        "goals": (),
        "forecast_submissions": ("user_id",),
        "comp_assignments": ("user_id",),
        "opportunity_splits": ("user_id", "opportunity_id"),
        "call_turns": ("call_id",),
        "call_scores": ("call_id",),
        "coaching_sessions": ("user_id",),
        "training_records": ("user_id", "course_id"),
        "feedback": ("user_id",),
        "touches": ("user_id", "lead_id", "account_id", "opportunity_id"),
        "lead_fit": ("lead_id",),
        "surveys": ("user_id", "account_id", "opportunity_id"),
    }.items():
        for column in columns:
            target = {
                "user_id": "users",
                "lead_id": "leads",
                "account_id": "accounts",
                "opportunity_id": "opportunities",
                "call_id": "calls",
                "course_id": "courses",
            }[column]
            lost = f"FROM {entity} ANTI JOIN {target} USING ({column}) WHERE {column} IS NOT NULL LIMIT 1"
            assert query(lost) == [], (entity, column)
    for entity, who in (("opportunities", "sourced_by_id"), ("call_scores", "reviewer_id"), ("feedback", "manager_id")):
        assert query(f"FROM {entity} AS e ANTI JOIN users AS u ON u.user_id = e.{who} WHERE e.{who} IS NOT NULL") == []
    assert query("FROM goals ANTI JOIN users ON user_id = owner_id WHERE owner_type = 'rep'") == []
    assert query("FROM goals ANTI JOIN user_history ON team = owner_id WHERE owner_type = 'team'") == []
    for entity, day in (("touches", "sent_at"), ("coaching_sessions", "held_at"), ("feedback", "given_at")):
        outside = f"FROM {entity} JOIN users USING (user_id) WHERE {day}::DATE < hired_on OR {day}::DATE > left_on"
        assert query(outside) == [], entity


def test_turns_of_a_call_follow_one_another_within_it(query: Query) -> None:
    assert (
        query("""
        FROM call_turns
        WINDOW call AS (PARTITION BY call_id ORDER BY turn)
        QUALIFY started_seconds < coalesce(lag(ended_seconds) OVER call, 0) OR turn <> row_number() OVER call
            OR speaker = lag(speaker) OVER call
        LIMIT 1
    """)
        == []
    )
    assert query("FROM call_turns JOIN calls USING (call_id) WHERE ended_seconds > duration_seconds LIMIT 1") == []
    assert query("FROM call_turns WHERE text IS NULL OR text LIKE '%{%' LIMIT 1") == []
