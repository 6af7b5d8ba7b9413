"""The demo company's files: they obey the landing contract, repeat with the seed, and hang together.

Does not belong here: whether the company behaves like one (`test_demo_company`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.contract import ENTITIES, Entity
from ingestion.demo import DEFAULT_UNTIL, DemoError, change, generate
from tests.ingestion.demo.demo_files import Query, fingerprints, opened

LARGE = (
    "opportunities",
    "opportunity_history",
    "leads",
    "calls",
    "meetings",
    "opportunity_splits",
    "cancellations",
    "call_turns",
    "call_scores",
    "touches",
    "lead_fit",
    "invoices",
    "surveys",
)
NEXT_DAY = ("opportunities", "opportunity_history", "leads", "calls", "meetings", "call_turns", "touches")
# A company of ten deals may have none.
RARE = ("cancellations", "opportunity_splits", "surveys")
# Decided on, not drawn.
FIXED = (
    "pipeline_stages",
    "territories",
    "holidays",
    "comp_plans",
    "comp_tiers",
    "spiffs",
    "trackers",
    "courses",
)
CURRENT_HISTORY = """
    SELECT * FROM opportunity_history
    QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY changed_at DESC) = 1
"""


@pytest.fixture(scope="module", params=[100, 20_000])
def scale(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def folder(scale: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "landing"
    generate(path, calls=scale)
    return path


@pytest.fixture(scope="module")
def query(folder: Path) -> Iterator[Query]:
    with opened(folder) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
class TestContract:
    def test_there_are_rows_and_only_the_columns_of_the_contract(
        self, query: Query, entity: Entity, scale: int
    ) -> None:
        columns = [row[0] for row in query(f"DESCRIBE {entity.name}")]
        assert columns == [*entity.column_names, "filename"]
        ((rows,),) = query(f"SELECT count(*) FROM {entity.name}")
        assert rows > 0 or (scale == 100 and entity.name in RARE)

    def test_keys_are_unique_and_never_null(self, query: Query, entity: Entity) -> None:
        key = ", ".join(entity.key)
        assert query(f"SELECT {key} FROM {entity.name} GROUP BY ALL HAVING count(*) > 1") == []
        assert query(f"FROM {entity.name} WHERE ({key}) IS NULL OR concat_ws('', {key}) = ''") == []

    def test_values_can_be_read_as_their_types(self, query: Query, entity: Entity) -> None:
        for column in entity.columns:
            unreadable = f"{column.name} IS NOT NULL AND TRY_CAST({column.name} AS {column.type}) IS NULL"
            assert query(f"SELECT {column.name} FROM {entity.name} WHERE {unreadable} LIMIT 1") == []
            if column.is_required:
                assert query(f"FROM {entity.name} WHERE {column.name} IS NULL LIMIT 1") == []
            if column.accepted_values:
                accepted = ", ".join(f"'{value}'" for value in column.accepted_values)
                assert query(f"FROM {entity.name} WHERE {column.name} NOT IN ({accepted}) LIMIT 1") == []

    def test_row_rules_hold(self, query: Query, entity: Entity) -> None:
        for rule in entity.rules:
            assert query(f"FROM {entity.name} WHERE NOT ({rule.condition}) LIMIT 1") == []
        for group, column in entity.unique_within:
            repeated = f"SELECT {group}, {column} FROM {entity.name} GROUP BY ALL HAVING count(*) > 1"
            assert query(repeated) == []
        if entity.has_known_stage:
            assert query(f"FROM {entity.name} ANTI JOIN pipeline_stages USING (pipeline, stage) LIMIT 1") == []


def test_it_has_the_scale_asked_for(query: Query, scale: int) -> None:
    assert query("SELECT count(*) FROM calls") == [(scale,)]
    assert query("SELECT count(*) FROM opportunities") == [(scale // 10,)]
    ((per_deal,),) = query("SELECT count(*) / (SELECT count(*) FROM opportunities) FROM opportunity_history")
    assert 3.5 < per_deal < 6


def test_large_entities_are_parquet_and_small_ones_csv(folder: Path) -> None:
    assert all((folder / name / "part-0001.parquet").is_file() for name in LARGE)
    assert (folder / "users.csv").is_file()


def test_the_files_do_not_depend_on_the_threads(folder: Path, scale: int, tmp_path: Path) -> None:
    generate(tmp_path, calls=scale, threads=1)
    assert fingerprints(tmp_path) == fingerprints(folder)


def test_another_seed_makes_another_company(folder: Path, scale: int, tmp_path: Path) -> None:
    generate(tmp_path, calls=scale, seed=8)
    same = {"README.md"} | {f"{entity}.csv" for entity in FIXED}
    if scale == 100:
        same |= {f"{entity}/part-0001.parquet" for entity in RARE}
    ours, theirs = fingerprints(folder), fingerprints(tmp_path)
    assert ours.keys() == theirs.keys()
    assert {path for path in ours if ours[path] == theirs[path]} <= same


def test_several_files_an_entity_are_one_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path / "one", calls=3_000)
    monkeypatch.setattr("ingestion.demo.generator.DEALS_PER_FILE", 70)
    generate(tmp_path / "many", calls=3_000)
    assert len(list((tmp_path / "many" / "calls").iterdir())) == 5
    with opened(tmp_path / "one") as one, opened(tmp_path / "many") as many:
        for entity, key in {
            "opportunities": "opportunity_id",
            "calls": "call_id",
            "leads": "lead_id",
        }.items():
            counts = f"SELECT count(*), count(DISTINCT {key}) FROM {entity}"
            assert many.execute(counts).fetchone() == one.execute(counts).fetchone()
        for entity in (
            "opportunity_history",
            "opportunities",
            "quotas",
            "invoices",
            "cancellations",
            "forecast_submissions",
        ):
            rows = f"SELECT * EXCLUDE (filename) FROM {entity} ORDER BY ALL"
            assert many.execute(rows).fetchall() == one.execute(rows).fetchall()


def test_only_an_own_folder_is_written_over(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "calls.csv").write_text("call_id\n")
    with pytest.raises(DemoError, match="not the demo company's"):
        generate(own, calls=100)
    assert [path.name for path in own.iterdir()] == ["calls.csv"]
    with pytest.raises(DemoError, match="holds no demo company"):
        change(own)

    generate(tmp_path / "demo", calls=300)
    change(tmp_path / "demo")
    generate(tmp_path / "demo", calls=100)
    generate(tmp_path / "fresh", calls=100)
    assert fingerprints(tmp_path / "demo") == fingerprints(tmp_path / "fresh")


@pytest.mark.parametrize("calls", [0, 99, 10_000_001])
def test_a_scale_out_of_range_is_refused(calls: int, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="100 to 10000000 calls"):
        generate(tmp_path, calls=calls)


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


def test_the_next_day_adds_newer_records_with_their_history(tmp_path: Path) -> None:
    generate(tmp_path, calls=5_000)
    before = fingerprints(tmp_path)
    end = change(tmp_path, share=0.2)
    assert end == datetime(2026, 1, 1, 18, tzinfo=UTC)
    after = fingerprints(tmp_path)
    assert {path: after[path] for path in before} == before
    assert after.keys() - before.keys() == {f"{entity}/part-0002.parquet" for entity in NEXT_DAY}

    with opened(tmp_path) as connection:
        day_after = DEFAULT_UNTIL.replace(tzinfo=None).date() + timedelta(days=1)
        for entity in ENTITIES:
            if entity.name not in NEXT_DAY:
                continue
            newer = f"(SELECT * FROM {entity.name} WHERE filename LIKE '%part-0002.parquet')"
            moment = "updated_at" if entity.has_versions else "changed_at"
            ((rows, total, first, last),) = connection.execute(f"""
                SELECT count(*), (SELECT count(*) FROM {entity.name}) - count(*), min({moment}), max({moment})
                FROM {newer}
            """).fetchall()
            assert first.date() == last.date() == day_after
            assert last <= end.replace(tzinfo=None)
            if entity.name != "opportunity_history":
                assert 0.05 < rows / total < 0.4
            for rule in entity.rules:
                assert connection.execute(f"FROM {newer} WHERE NOT ({rule.condition})").fetchall() == []
            columns = [row[0] for row in connection.execute(f"DESCRIBE {entity.name}").fetchall()]
            assert columns == [*entity.column_names, "filename"]

        for is_new in ("created_at > TIMESTAMP '2026-01-01'", "created_at < TIMESTAMP '2026-01-01'"):
            found = f"SELECT count(*) FROM opportunities WHERE filename LIKE '%part-0002.parquet' AND {is_new}"
            assert connection.execute(found).fetchall()[0][0] > 5
        differing = connection.execute(f"""
            WITH latest AS (
                FROM opportunities
                QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY updated_at DESC) = 1
            )
            FROM latest JOIN ({CURRENT_HISTORY}) AS last USING (opportunity_id)
            WHERE (latest.stage, latest.amount, latest.close_date, latest.owner_id)
                IS DISTINCT FROM (last.stage, last.amount, last.close_date, last.owner_id)
        """).fetchall()
        assert differing == []
        by_leavers = """
            FROM calls JOIN users USING (user_id)
            WHERE started_at > TIMESTAMP '2026-01-01' AND left_on < started_at
        """
        assert connection.execute(by_leavers).fetchall() == []


def test_days_follow_one_another(tmp_path: Path) -> None:
    generate(tmp_path, calls=1_000)
    ends = [change(tmp_path, share=0.05) for _ in range(3)]
    assert [f"{end:%a %d}" for end in ends] == ["Thu 01", "Fri 02", "Mon 05"]
    with opened(tmp_path) as connection:
        for entity in ENTITIES:
            versions = f"{', '.join(entity.key)}{', updated_at' if entity.has_versions else ''}"
            repeated = f"SELECT {versions} FROM {entity.name} GROUP BY ALL HAVING count(*) > 1"
            assert connection.execute(repeated).fetchall() == []


def test_the_smallest_company_has_a_next_day_too(tmp_path: Path) -> None:
    generate(tmp_path, calls=100)
    change(tmp_path)
    assert {path.parent.name for path in tmp_path.rglob("part-0002.parquet")} == set(NEXT_DAY)
    change(tmp_path, share=1.0)
    with opened(tmp_path) as connection:
        for entity in NEXT_DAY:
            newest = f"SELECT count(*) FROM {entity} WHERE filename LIKE '%part-0003.parquet'"
            assert connection.execute(newest).fetchall()[0][0] > 0
