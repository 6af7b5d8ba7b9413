"""Loads of exports: which files, encodings and sheets are read, what is read again, what stops a load."""

from __future__ import annotations

import os

import duckdb
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # has no type information

from ingestion.contract import ENTITIES
from ingestion.exports import listing, unmapped
from tests.ingestion.exports.conftest import DEALS, STAGES, USERS, Exports

NAMES = "SELECT user_id, full_name FROM raw.exports__users ORDER BY 1"


def test_every_table_has_the_contracts_columns(exports: Exports) -> None:
    exports.load()
    for entity in ENTITIES:
        columns = exports.rows(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'raw' "
            f"AND table_name = 'exports__{entity.name}' ORDER BY column_index"
        )
        expected = [(column.name, column.type.value.replace(" ", "")) for column in entity.columns]
        assert columns == [*expected, ("_file", "VARCHAR")], entity.name


def test_files_are_accounted_for_under_their_source(exports: Exports) -> None:
    exports.load()
    assert exports.rows(
        "SELECT DISTINCT source, entity, file, rows_read, rows_loaded FROM raw.landing_files ORDER BY ALL"
    ) == [
        ("exports", "opportunities", "deals.csv", 2, 2),
        ("exports", "pipeline_stages", "mapping.yml[pipeline_stages]", 2, 2),
        ("exports", "users", "owners.csv", 2, 2),
    ]


def test_second_load_does_nothing(exports: Exports) -> None:
    assert exports.load() == 1
    assert exports.load() == 0


def test_only_what_the_mapping_says_anew_is_read_again(exports: Exports) -> None:
    exports.load()
    exports.mapping(USERS.replace("full_name: Owner", "full_name: {join: [Owner, {value: Demo}]}"), STAGES, DEALS)
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada Demo"), ("2", "Bo Demo")]
    assert exports.rows("SELECT file, count(*) FROM raw.landing_files GROUP BY ALL ORDER BY 1") == [
        ("deals.csv", 1),
        ("mapping.yml[pipeline_stages]", 2),
        ("owners.csv", 2),
    ]


def test_all_files_are_read_anew(exports: Exports) -> None:
    exports.load()
    with duckdb.connect(str(exports.home / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM raw.exports__users WHERE user_id = '1'")
    assert exports.load() == 0
    exports.load(anew=True)
    assert exports.rows(NAMES) == [("1", "Ada"), ("2", "Bo")]
    assert exports.load() == 0


def test_rows_of_an_unknown_stage_get_another_chance(exports: Exports) -> None:
    exports.write("deals.csv", "Deal ID,Stage,Created\nd1,Propose,2025-01-02\n")
    exports.load()
    assert exports.quarantined() == [
        ("deals.csv", 2, "d1", "stage", "Propose", "the pipeline has no such stage in pipeline_stages")
    ]
    exports.mapping(USERS, STAGES + "      - {stage: Propose, position: 3, is_closed: false, is_won: false}\n", DEALS)
    exports.load()
    assert exports.rows("SELECT opportunity_id FROM raw.exports__opportunities") == [("d1",)]


def test_columns_are_passed_over_unless_they_are_kept(exports: Exports) -> None:
    exports.write("owners.csv", "Id,Shoe Size,Owner,Hobby\n1,39,Ada,chess\n")
    exports.mapping(USERS + "    keep: [Shoe Size]\n", STAGES, DEALS)
    exports.load()
    assert exports.rows("SELECT user_id, full_name, shoe_size FROM raw.exports__users") == [("1", "Ada", "39")]
    assert exports.rows("SELECT count(*) FROM duckdb_columns() WHERE column_name = 'hobby'") == [(0,)]


def test_inline_rows_beside_a_file(exports: Exports) -> None:
    exports.mapping(
        "  users:\n    - file: owners.csv\n      columns: {user_id: Id, full_name: Owner}\n"
        "    - rows:\n        - {user_id: 3, full_name: Cy}\n        - {user_id: 4, full_name: null}\n",
        STAGES,
        DEALS,
    )
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada"), ("2", "Bo"), ("3", "Cy")]
    assert exports.quarantined() == [("mapping.yml[users]", 8, "4", "full_name", None, "required, but empty")]


@pytest.mark.parametrize(
    ("encoding", "top"),
    [
        ("utf-8-sig", ""),
        ("cp1252", "encoding: cp1252"),
        ("latin-1", "encoding: latin-1"),
        ("utf-16", ""),
        ("utf-16-le", "encoding: utf-16-le"),
    ],
)
def test_encodings(exports: Exports, encoding: str, top: str) -> None:
    exports.write("owners.csv", "Id\tOwner\tNoël\n1\tÉlodie «Zoë»\tx\n2\t\n3\tBo\ty\n", encoding)
    exports.write("deals.csv", "Deal ID\tStage\tCreated\nd1\tQualify\t2025-01-02\n", encoding)
    exports.mapping(USERS + "    keep: [Noël]\n", STAGES, DEALS, top=top)
    exports.load()
    assert exports.rows("SELECT user_id, full_name, no_l FROM raw.exports__users ORDER BY 1") == [
        ("1", "Élodie «Zoë»", "x"),
        ("3", "Bo", "y"),
    ]
    assert [row[:2] for row in exports.quarantined()] == [("owners.csv", 3)]


def test_a_wrong_encoding_is_an_error(exports: Exports) -> None:
    exports.write("owners.csv", "Id,Owner\n1,Zoë\n", "latin-1")
    exports.mapping(USERS, STAGES, DEALS, top="encoding: utf-16-le")
    text = exports.failure()
    assert "owners.csv is not utf-16-le text" in text
    assert "`encoding`" in text


def test_lines_that_are_no_utf_8_are_quarantined_below_a_title_too(exports: Exports) -> None:
    exports.write("owners.csv", "Report\n\nId,Owner\n1,Ada\n2,Zoë\n3,\n", "latin-1")
    exports.mapping(USERS + "    header_row: 3\n", STAGES, DEALS)
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada")]
    assert [row[:3] for row in exports.quarantined()] == [("owners.csv", 5, None), ("owners.csv", 6, "3")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_gives_the_mapped_columns(exports: Exports, delimiter: str) -> None:
    exports.write("owners.csv", 'Id,Owner,"a;b|c"\n1,Ada,x\n'.replace(",", delimiter))
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada")]


def test_a_header_that_no_delimiter_splits_is_an_error(exports: Exports) -> None:
    exports.write("owners.csv", "Id#Owner\n1#Ada\n")
    text = exports.failure()
    assert "takes the column 'Id', which the header of owners.csv does not have" in text
    assert "'Id#Owner'" in text
    exports.mapping(USERS + "    delimiter: '#'\n", STAGES, DEALS)
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada")]


def test_sheets(exports: Exports) -> None:
    rows: list[list[object]] = [["Owners"], [], ["Id", "Owner"], [1, "Ada"], [], [2.0, "Bo"], [3, None]]
    exports.write_workbook("book.xlsx", {"People": rows, "Other": []})
    section = USERS.replace("owners.csv", "book.xlsx\n    sheet: People\n    header_row: 3")
    exports.mapping(section, STAGES, DEALS)
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada"), ("2", "Bo")]
    assert exports.quarantined() == [("book.xlsx[People]", 7, "3", "full_name", None, "required, but empty")]
    assert exports.load() == 0


def test_a_formula_that_failed_is_no_number(exports: Exports) -> None:
    with xlsxwriter.Workbook(exports.folder / "deals.xlsx") as book:
        page = book.add_worksheet("Deals")
        page.write_column(0, 0, ["Id", "d1", "d2"])
        page.write_column(0, 1, ["Amount", 5])
        page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    exports.mapping(
        USERS,
        STAGES,
        "  opportunities:\n    file: deals.xlsx\n    columns: {opportunity_id: Id, stage: {value: Won}, "
        "created_at: {value: 2025-01-01}, amount: Amount}\n",
    )
    exports.load()
    assert [row[:5] for row in exports.quarantined()] == [("deals.xlsx", 3, "d2", "amount", "#ERROR")]


def test_patterns_take_every_file_once(exports: Exports) -> None:
    (exports.folder / "owners.csv").unlink()
    exports.write("owners/2.csv", "Id,Owner\n2,Bo\n")
    exports.write("owners/1.csv", "Id,Owner\n1,Ada\n2,Older\n")
    exports.write("owners/~$3.csv", "lock")
    exports.mapping(USERS.replace("owners.csv", "[owners/2.csv, 'owners/*.csv']"), STAGES, DEALS)
    exports.load()
    assert exports.rows(NAMES) == [("1", "Ada"), ("2", "Bo")]
    assert [name for name, *_ in listing(exports.folder)] == [
        "deals.csv",
        "mapping.yml",
        "owners/1.csv",
        "owners/2.csv",
    ]


@pytest.mark.parametrize(
    ("users", "parts"),
    [
        (USERS.replace("owners.csv", "owner.csv"), ["names owner.csv", "files found: deals.csv, owners.csv"]),
        (USERS.replace("Id,", "ID,"), ["takes the column 'ID'", "'Id'"]),
        (USERS.replace("owners.csv", "notes.pdf"), ["notes.pdf", "allowed: .csv"]),
        (USERS.replace("owners.csv", "bad.xlsx"), ["bad.xlsx cannot be read as a workbook"]),
        (USERS.replace("owners.csv", "two.xlsx"), ["two.xlsx has the sheets A, B", "`sheet`"]),
        (USERS.replace("owners.csv", "two.xlsx\n    sheet: C"), ["two.xlsx has no sheet 'C'", "A, B"]),
        (USERS.replace("owners.csv", "owners.csv\n    sheet: C"), ["names a sheet", "no workbook"]),
        (USERS.replace("owners.csv", "twice.csv"), ["'Owner', which twice.csv has 2 times"]),
    ],
)
def test_files_and_columns_that_are_not_there(exports: Exports, users: str, parts: list[str]) -> None:
    exports.write("notes.pdf", "x")
    exports.write("bad.xlsx", "x")
    exports.write("twice.csv", "Id,Owner,Owner\n1,Ada,Bo\n")
    exports.write_workbook("two.xlsx", {"A": [["Id"]], "B": [["Id"]]})
    exports.mapping(users, STAGES, DEALS)
    text = exports.failure()
    if "files found" in parts[-1]:
        parts[-1] = "files found: bad.xlsx, deals.csv"
    for part in ("mapping.yml", "users", *parts) if "xlsx" not in parts[0] else parts:
        assert part in text


def test_missing_folder_and_mapping(exports: Exports) -> None:
    (exports.folder / "mapping.yml").unlink()
    assert "mapping.yml does not exist; `repline map FILE` proposes one" in exports.failure()
    exports.folder = exports.folder.parent / "elsewhere"
    assert "REPLINE_EXPORTS" in exports.failure()
    assert listing(exports.folder) == []


def test_beside_another_source_nothing_is_required(exports: Exports) -> None:
    exports.mapping(USERS)
    assert "required entity pipeline_stages is missing" in exports.failure()
    exports.load(required=False)
    assert exports.rows("SELECT count(*) FROM raw.exports__opportunities") == [(0,)]


def test_files_that_changed_and_are_not_mapped_are_told(exports: Exports) -> None:
    before = exports.write("products.csv", "Id\n1\n")
    os.utime(before, (1, 1))
    exports.write("notes.pdf", "x")
    exports.mapping(
        USERS.replace("full_name: Owner", "full_name: {column: Owner, lookup: {file: n.csv, key: a, value: b}}")
    )
    mapped_at = (exports.folder / "mapping.yml").stat().st_mtime
    for name in ("calls.csv", "n.csv", "owners.csv", "deals.csv", "notes.pdf"):
        path = exports.write(name, "a,b\n")
        os.utime(path, (mapped_at + 1, mapped_at + 1))
    assert unmapped(exports.folder) == ["calls.csv", "deals.csv"]
    exports.mapping(USERS, top="ignore: [calls.csv, 'd*.csv', n.csv]")
    os.utime(exports.folder / "mapping.yml", (mapped_at, mapped_at))
    assert unmapped(exports.folder) == []
