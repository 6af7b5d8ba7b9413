"""The demo company's next day: newer records with their history, in files beside those of before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.contract import ENTITIES
from ingestion.demo import DEFAULT_UNTIL, change, generate
from tests.ingestion.demo.demo_files import CURRENT_HISTORY, fingerprints, opened

NEXT_DAY = ("opportunities", "opportunity_history", "leads", "calls", "meetings", "call_turns", "touches")


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
