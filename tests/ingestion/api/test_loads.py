"""What holds of every API source's load: nothing twice, nothing lost, work in proportion to what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from ingestion.api.options import SourceOptions
from ingestion.personal import OptionsError, PersonalColumns
from tests.ingestion.api.conftest import DEALS, TOKEN, MadeUpSystem, MadeUpWarehouse, deal

COUNTS = """
SELECT (SELECT count(*) FROM raw.made_up__deals), (SELECT count(DISTINCT deal_id) FROM raw.made_up__deals),
    (SELECT count(*) FROM raw.made_up__deal_notes), (SELECT count(*) FROM raw.made_up__owners WHERE NOT _is_gone)
"""


def test_all_pages_are_read_and_a_second_load_loads_nothing(made_up: MadeUpWarehouse) -> None:
    assert made_up.load() == 1
    assert made_up.rows(COUNTS) == [(45, 45, 45, 2)]
    before = made_up.rows("SELECT * FROM raw.made_up__deals ORDER BY 1")
    assert made_up.load() == 0
    assert made_up.rows("SELECT * FROM raw.made_up__deals ORDER BY 1") == before


def test_a_change_that_shows_late_is_found_in_the_overlap_and_only_it_is_loaded(
    made_up: MadeUpWarehouse, system: MadeUpSystem
) -> None:
    made_up.load()
    system.deals += [deal(100, 3), deal(101, 500)]
    system.deals[7] = deal(7, 501, name="Renamed")
    options = SourceOptions()
    made_up.load(options)
    assert options.rows == {"made_up__deals": 3, "made_up__deal_notes": 3}
    assert made_up.rows(COUNTS) == [(47, 47, 47, 2)]
    assert made_up.rows("SELECT notes FROM raw.made_up__deal_notes WHERE deal_id = '7'") == [("Renamed",)]
    system.requests.clear()
    made_up.load()
    assert system.requests == ["/deals?since=2025-01-01T00%3A07%3A21.000Z", "/owners"]


def test_a_load_that_was_stopped_goes_on_after_its_last_slice(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    for number, each in enumerate(system.deals):
        each["properties"]["changed"] = deal(0, 100 * number)["properties"]["changed"]
    made_up.load(rows_per_slice=20, slices=1)
    assert made_up.rows(COUNTS) == [(20, 20, 20, 2)]
    asked = len(system.requests)
    made_up.load(rows_per_slice=20)
    assert made_up.rows(COUNTS) == [(45, 45, 45, 2)]
    # Two slices of three pages at most, and the owners; a fresh start would have asked for the first two again.
    assert all("since=" in path for path in system.requests[asked:] if path.startswith("/deals"))


def test_many_changes_at_one_moment_do_not_hold_up_the_slices(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    system.deals = [deal(number, 0) for number in range(45)]
    made_up.load(rows_per_slice=10)
    assert made_up.rows(COUNTS) == [(45, 45, 45, 2)]


def test_details_of_a_load_that_was_killed_half_way_come_again(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    """dlt fills one table after another: the deals may be there, and their notes not yet."""
    made_up.load()
    system.deals += [deal(number, 60 + number) for number in range(100, 130)]
    made_up.change(
        """
        INSERT INTO raw.made_up__deals BY NAME
        SELECT deal_id, 'Deal ' || deal_id AS name,
            TIMESTAMP '2025-01-01' + INTERVAL 1 SECOND * (60 + deal_id::INT) AS updated_at,
            (SELECT max(_loaded_at) FROM raw.made_up__deals) + INTERVAL 1 MILLISECOND AS _loaded_at
        FROM (SELECT unnest(range(100, 130))::VARCHAR AS deal_id)
        """
    )
    made_up.load()
    assert made_up.rows(COUNTS) == [(75, 75, 75, 2)]


def test_what_is_no_longer_listed_is_marked_and_comes_back(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    made_up.load()
    gone = system.owners.pop()
    made_up.load()
    owners = "SELECT owner_id, name, _is_gone FROM raw.made_up__owners ORDER BY 1"
    assert made_up.rows(owners) == [("1", "Ada", False), ("2", "Bo", True)]
    assert made_up.load() == 0
    system.owners.append(gone)
    made_up.load()
    assert made_up.rows(owners) == [("1", "Ada", False), ("2", "Bo", False)]


def test_a_system_without_records_gives_empty_tables(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    system.deals, system.owners = [], []
    made_up.load()
    assert made_up.rows(COUNTS) == [(0, 0, 0, 0)]
    system.deals = [deal(1, 1)]
    made_up.load()
    assert made_up.rows(COUNTS) == [(1, 1, 1, 0)]


def test_a_field_may_flip_its_type_vanish_or_appear(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    made_up.load()
    system.deals = [
        deal(200, 700, name=12.5),
        deal(201, 701, name={"first": ["a"]}),
        deal(202, 702, unknown=1),
        {"id": "203", "properties": {"changed": "2025-01-01T00:11:43Z"}},
    ]
    made_up.load()
    assert made_up.rows("SELECT deal_id, name FROM raw.made_up__deals WHERE deal_id::INT >= 200 ORDER BY 1") == [
        ("200", "12.5"),
        ("201", '{"first":["a"]}'),
        ("202", "Deal 202"),
        ("203", None),
    ]
    assert "unknown" not in {name for (name, *_) in made_up.rows("DESCRIBE raw.made_up__deals")}


def test_custom_fields_become_columns_also_later(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    system.deals = [deal(1, 1, Tier="gold")]
    made_up.load()
    system.deals.append(deal(2, 500, Tier="silver", territoryCode=7))
    made_up.load(SourceOptions(custom_fields={"opportunities": ["Tier", "territoryCode", "name"], "users": ["x"]}))
    columns = "SELECT deal_id, tier, territory_code FROM raw.made_up__deals ORDER BY 1"
    assert made_up.rows(columns) == [("1", "gold", None), ("2", "silver", "7")]


def test_personal_columns_are_hashed_or_dropped_at_the_door(
    made_up: MadeUpWarehouse, system: MadeUpSystem, tmp_path: Path
) -> None:
    system.deals = [deal(1, 1, email=" Ada@Example.com"), deal(2, 2, email="ada@example.com"), deal(3, 3)]
    hidden = {"made_up__deals.email": "hash", "made_up__owners.name": "drop"}
    made_up.load(SourceOptions(personal_columns=PersonalColumns(hidden, "k1")))
    first, second, missing = (
        value for (value,) in made_up.rows("SELECT email FROM raw.made_up__deals ORDER BY deal_id")
    )
    assert first == second
    assert len(first) == 64
    assert missing is None
    assert made_up.rows("SELECT owner_id, name FROM raw.made_up__owners ORDER BY 1") == [("1", None), ("2", None)]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"ada@example.com" not in written.lower()


@pytest.mark.parametrize(
    ("listed", "hash_key", "message"),
    [
        ({"made_up__deals.mail": "hash"}, "k", "'made_up__deals.mail'.*; it may name: name, email"),
        ({"made_up__deals.deal_id": "drop"}, "", "'made_up__deals.deal_id'"),
        ({"made_up__deals.email": "encrypt"}, "", "'encrypt' for made_up__deals.email; it may be"),
        ({"made_up__deals.email": "hash"}, "", "SOURCES__HASH_KEY"),
    ],
)
def test_personal_columns_that_cannot_be(listed: dict[str, str], hash_key: str, message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        SourceOptions(personal_columns=PersonalColumns(listed, hash_key)).personal(DEALS)


def test_options_never_show_the_key_of_the_hashes() -> None:
    assert "very-secret" not in repr(SourceOptions(personal_columns=PersonalColumns({}, "very-secret")))


def test_no_token_in_the_warehouse_or_in_dlt_s_files(made_up: MadeUpWarehouse, tmp_path: Path) -> None:
    made_up.load()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN.encode() not in written


def test_moments_are_naive_utc(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    late = deal(1, 1)
    late["properties"]["changed"] = "2025-01-01T01:30:00.123456+01:30"
    system.deals = [late]
    made_up.load()
    assert made_up.rows("SELECT updated_at FROM raw.made_up__deals") == [(datetime(2025, 1, 1, 0, 0, 0, 123456),)]


def test_custom_fields_of_a_table_without_a_place_for_them_are_passed_over() -> None:
    assert replace(DEALS, custom_path=None).with_custom_fields(["tier"]).columns == DEALS.columns
