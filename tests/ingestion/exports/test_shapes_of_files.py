"""Files that are not one row per record of one entity: lookups, several parts of a file, order lines, months."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from tests.ingestion.exports.conftest import Exports

MAPPING = """
entities:
  users:
    - file: team.csv
      where: {SDR: "*"}
      columns: {user_id: SDR, full_name: SDR, role: {value: sdr}}
    - file: team.csv
      where: {AE: "*", Team: [North, ""]}
      columns:
        user_id: {column: AE, lookup: {file: staff.csv, key: Name, value: No}}
        full_name: AE
        role: {value: ae}
        manager_id: {first_of: [{column: Boss, lookup: {file: staff.csv, key: Name, value: No}}, {value: nobody}]}

  pipeline_stages:
    file: lines.csv
    group_by: Status
    columns:
      stage: Status
      position: {column: Status, values: {Draft: 1, Paid: 2, Void: 3}}
      is_closed: {column: Done, true: [y], false: [n], of_group: all}
      is_won: {column: Status, true: [Paid], false: ["*"]}

  opportunities:
    file: lines.csv
    group_by: [Shop, Order]
    columns:
      opportunity_id: {key: [Shop, Order]}
      stage: {column: Status, of_group: last}
      owner_id: Seller
      amount: {column: Price, decimal: ",", of_group: sum}
      created_at:
        of_group: min
        first_of: [{column: Day, format: "%d/%m/%Y"}, {column: Imported, format: "%Y%m%d"}]
    keep: [Item]

  quotas:
    file: targets.csv
    columns:
      quota_id: {key: [Rep, Month]}
      user_id: Rep
      period_start: {column: Month, format: "%m/%Y", start_of: month}
      period_end: {column: Month, format: "%m/%Y", end_of: month}
      amount: Target
"""
FILES = {
    "team.csv": "Team,SDR,AE,Boss\nNorth,Sid,Ada,Cy\nNorth,,Bo,Nobody\nSouth,Sue,Eve,Cy\n,,Flo,\n",
    "staff.csv": "No;Name;Since\n1;Ada;x\n2;Bo;x\n3;Cy;x\n3;Cy;y\n;Flo;\n",
    "lines.csv": (
        "Shop,Order,Item,Seller,Price,Day,Imported,Status,Done\n"
        'a,1,pen,,"1,50",31/01/2025,,Draft,n\n'
        'a,1,ink,Ada,"2,25",30/01/2025,,Paid,y\n'
        "b,1,pen,Bo,3,,20250203,Void,y\n"
        "b,2,pen,Bo,3,01/02/2025,,Draft,n\n"
        "b,2,cap,Bo,3 each,01/02/2025,,Draft,n\n"
        ",7,cap,Bo,1,01/02/2025,,Draft,n\n"
        ",7,cap,Bo,1,01/02/2025,,Draft,n\n"
    ),
    "targets.csv": "Rep,Month,Target\n1,02/2024,100\n1,12/2024,200\n1,2025-01,1\n",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    home = tmp_path_factory.mktemp("shapes")
    exports = Exports(home / "exports", home / "home")
    for name, text in FILES.items():
        exports.write(name, text)
    exports.write("mapping.yml", MAPPING)
    exports.load()
    return exports


def test_a_file_may_be_several_parts_and_look_up_in_another(loaded: Exports) -> None:
    assert loaded.rows("SELECT full_name, user_id, role, manager_id FROM raw.exports__users ORDER BY 1") == [
        ("Ada", "1", "ae", "3"),
        ("Bo", "2", "ae", "nobody"),
        ("Sid", "Sid", "sdr", None),
        ("Sue", "Sue", "sdr", None),
    ]
    # Flo has no number. Eve is in the south: passed over, neither loaded nor bad.
    assert loaded.rows(
        "SELECT file, rows_read, rows_loaded, rows_quarantined FROM raw.landing_files WHERE entity = 'users' ORDER BY 1"
    ) == [("team.csv", 2, 2, 0), ("team.csv#2", 3, 2, 1)]
    assert ("team.csv#2", 5, None, "user_id", None, "required, but empty") in loaded.quarantined()


def test_lines_become_one_record(loaded: Exports) -> None:
    assert loaded.rows(
        "SELECT opportunity_id, stage, owner_id, amount::VARCHAR, created_at, item FROM raw.exports__opportunities "
        "ORDER BY 1"
    ) == [
        ("a|1", "Paid", "Ada", "3.7500", datetime(2025, 1, 30), "pen"),
        ("b|1", "Void", "Bo", "3.0000", datetime(2025, 2, 3), "pen"),
    ]
    # Of what cannot be added nothing is added; and lines without a key are no record together.
    place = next(n for n, line in enumerate(MAPPING.splitlines(), start=1) if "of_group: sum" in line)
    assert [row for row in loaded.quarantined() if row[0] == "lines.csv"] == [
        (
            "lines.csv",
            5,
            "b|2",
            "amount",
            "3 each",
            f"not a number with the decimal sign , (mapping.yml, line {place})",
        ),
        ("lines.csv", 7, None, "opportunity_id", None, "required, but empty"),
        ("lines.csv", 8, None, "opportunity_id", None, "required, but empty"),
    ]
    assert loaded.rows(
        "SELECT rows_read, rows_loaded, rows_quarantined FROM raw.landing_files WHERE entity = 'opportunities'"
    ) == [(5, 2, 3)]


def test_stages_close_by_a_flag_of_the_deals(loaded: Exports) -> None:
    assert loaded.rows(
        "SELECT stage, position, is_closed, is_won FROM raw.exports__pipeline_stages ORDER BY position"
    ) == [("Draft", 1, False, False), ("Paid", 2, True, True), ("Void", 3, True, False)]


def test_a_month_has_a_first_and_a_last_day(loaded: Exports) -> None:
    assert loaded.rows("SELECT period_start, period_end, amount::INT FROM raw.exports__quotas ORDER BY 1") == [
        (date(2024, 2, 1), date(2024, 2, 29), 100),
        (date(2024, 12, 1), date(2024, 12, 31), 200),
    ]
    [row] = [row for row in loaded.quarantined() if row[0] == "targets.csv"]
    assert row[4] == "2025-01"
    assert row[5].startswith("does not fit the format %m/%Y (mapping.yml, line ")


def test_what_another_file_says_anew_is_read_again(loaded: Exports) -> None:
    loaded.write("staff.csv", FILES["staff.csv"].replace("2;Bo", "20;Bo"))
    loaded.load()
    assert loaded.rows("SELECT user_id FROM raw.exports__users WHERE full_name = 'Bo' ORDER BY 1") == [("2",), ("20",)]
    assert loaded.rows("SELECT file FROM raw.landing_files GROUP BY entity, file HAVING count(*) > 1") == [
        ("team.csv#2",)
    ]


@pytest.mark.parametrize(
    ("staff", "lookup", "message"),
    [
        (
            "No;Name\n1;Ada\n2;Ada\n",
            "",
            "line 10, users.2.columns.user_id.lookup: Name 'Ada' stands for '1' and for '2'",
        ),
        (
            "No;Nom\n1;Ada\n",
            "",
            "line 10, users.2.columns.user_id.lookup.key, takes the column 'Name', which the header",
        ),
        ('No;Name\n1;Ada\n2;B"o"\n3\n', "", "looks up in staff.csv, whose line 4 is no row that can be read"),
        ("", "stuff.csv", "line 10, users.2.columns.user_id.lookup, names stuff.csv"),
    ],
)
def test_what_cannot_be_looked_up_names_the_place(tmp_path: Path, staff: str, lookup: str, message: str) -> None:
    exports = Exports(tmp_path / "exports", tmp_path / "home")
    for name, text in {**FILES, "staff.csv": staff}.items():
        exports.write(name, text)
    exports.write("mapping.yml", MAPPING.replace("staff.csv", lookup or "staff.csv"))
    assert message in exports.failure()
