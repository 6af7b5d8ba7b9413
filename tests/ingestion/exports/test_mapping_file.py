"""The mapping file: what it may say, and that an error names file, line, place and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.mapping import DATABASE, EXPORTS, MappingError, read_mapping
from tests.ingestion.exports.conftest import DEALS, STAGES, USERS

SOUND = f"entities:\n{USERS}{STAGES}{DEALS}"


def error_of(tmp_path: Path, text: str, kind: str = EXPORTS) -> str:
    file = tmp_path / "mapping.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        read_mapping(file, kind)
    assert str(file) in str(caught.value)
    assert str(caught.value).endswith("nothing was loaded")
    return str(caught.value)


def with_column(spec: str, column: str = "amount", entity: str = DEALS) -> str:
    return SOUND.replace(entity, entity.replace("{", f"{{{column}: {spec}, ", 1))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["has to be a section", "empty"]),
        ("entities: [", ["line 1", "not YAML"]),
        ("files: {}", ["line 1, files", "'files' is not known here", "entities"]),
        ("timezone: Mars", ["line 1, timezone", "Europe/Amsterdam"]),
        (SOUND.replace("  users:", "  user:"), ["entities.user:", "did you mean 'users'", "allowed: users"]),
        (SOUND.replace(STAGES, ""), ["entities:", "required entity pipeline_stages is missing"]),
        (SOUND + USERS, ["'users' stands here twice"]),
        (SOUND.replace("user_id: Id,", ""), ["entities.users.columns", "user_id is missing, which users requires"]),
        (SOUND.replace("stage: Stage,", "stag: Stage,"), ["columns.stag", "did you mean 'stage'", "allowed:"]),
        (SOUND.replace("stage: Stage,", "stage: Stage, stage: Name,"), ["'stage' stands here twice"]),
        (SOUND.replace("    file: owners.csv\n", ""), ["entities.users", "'file' is missing"]),
        (SOUND.replace("file: owners", "path: owners"), ["entities.users.path", "'path' is not known here", "file,"]),
        (SOUND.replace("owners.csv", "../owners.csv"), ["users.file", "below the exports folder"]),
        (SOUND.replace("is_won: true}", "is_wonn: true}"), ["pipeline_stages.rows.2.is_wonn", "'is_won'"]),
        (SOUND.replace("stage: Won, ", "stage: [Won], "), ["rows.2.stage", "has to be a text"]),
        (with_column("{column: Amount, format: x}"), ["columns.amount.format", "'format' is not known", "decimal"]),
        (with_column("{decimal: ','}"), ["columns.amount", "exactly one of column, value, join"]),
        (with_column("{column: A, value: 1}"), ["columns.amount", "exactly one of"]),
        (with_column("{column: A, decimal: ';'}"), ["amount.decimal", "'.' or ','"]),
        (with_column("{column: A, decimal: ',', thousands: ','}"), ["amount.thousands", "other than the decimal"]),
        (with_column("{column: A, separator: x}"), ["amount.separator", "only with 'join'"]),
        (with_column("{join: []}", "name"), ["columns.name.join", "has to be a list"]),
        (with_column("{join: [A, {b: C}]}", "name"), ["columns.name.join.2.b", "'b' is not known"]),
        (with_column("{column: A, format: '%d/%m/%Q'}", "close_date"), ["close_date.format", "%Q is not known"]),
        (with_column("{column: A, format: '%d/%m'}", "close_date"), ["close_date.format", "exactly one of %Y, %y"]),
        (with_column("{column: A, timezone: CE}", "updated_at"), ["updated_at.timezone", "no time zone"]),
        (with_column("{column: A, format: '%d/%m/%Y %I:%M'}", "updated_at"), ["updated_at.format", "%p has to say"]),
        (with_column("{column: A, true: [x]}", "is_deleted"), ["columns.is_deleted", "'false' is missing"]),
        (with_column("{column: A, true: [x], false: [X]}", "is_deleted"), ["both true and false"]),
        (SOUND + "    keep: [Name]\n", ["opportunities.keep", "would land as name"]),
        (SOUND + "    keep: [a b, A-B]\n", ["opportunities.keep", "both land as a_b"]),
        (SOUND + "    delimiter: xx\n", ["opportunities.delimiter", "one character"]),
        (SOUND + "    encoding: latinn\n", ["opportunities.encoding", "cp1252"]),
        (SOUND + "    header_row: 0\n", ["opportunities.header_row", "at least 1"]),
        ("ignore: /x\n" + SOUND, ["line 1, ignore", "below the exports folder"]),
        (
            with_column("{column: A, lookup: {file: b.csv, key: C}}", "name"),
            ["columns.name.lookup", "'value' is missing"],
        ),
        (with_column("{column: A, lookup: {fil: b.csv}}", "name"), ["name.lookup.fil", "did you mean 'file'"]),
        (with_column("{column: A, of_group: sum}"), ["amount.of_group", "'of_group' is not known"]),
        (with_column("Amount") + "    group_by: [Deal ID]\n", ["columns.amount", "of_group' has to say", "sum"]),
        (with_column("{column: A, format: '%Y-%m'}", "close_date"), ["needs exactly one of %d", "end_of: month"]),
        (with_column("{column: A, end_of: week}", "close_date"), ["close_date.end_of", "month, quarter, year"]),
        (with_column("{column: A, end_of: year, start_of: year}", "close_date"), ["cannot both hold"]),
        (
            with_column("{first_of: [{column: A, decimal: ';'}, B]}"),
            ["columns.amount.first_of.1.decimal", "'.' or ','"],
        ),
        (
            with_column("{first_of: [{column: A, decimal: ','}], values: {x: y}}"),
            ["amount.values", "move it into them"],
        ),
        (with_column("{column: '?'}"), ["columns.amount.column: here stands '?'"]),
    ],
)
def test_error(tmp_path: Path, text: str, parts: list[str]) -> None:
    message = error_of(tmp_path, text)
    for part in parts:
        assert part in message


def test_error_names_the_line(tmp_path: Path) -> None:
    text = "entities:\n  users:\n    file: a.csv\n    columns:\n      user_id: Id\n      fullname: Name\n"
    assert "mapping.yml, line 6, entities.users.columns.fullname" in error_of(tmp_path, text)


def test_each_column_of_a_file_is_known_by_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yml"
    file.write_text(
        "entities:\n  users:\n    file: a.csv\n    columns:\n      user_id: Id\n      full_name: Name\n"
        "    keep:\n      - Room\n      - Floor\n    where:\n      Kind: x\n      Site: [y]\n    group_by: [Key]\n",
        encoding="utf-8",
    )
    [part] = read_mapping(file, EXPORTS, required=False).parts["users"]
    assert {name: part.place_of(name) for name in part.columns} == {
        "Id": "mapping.yml, line 5, users.columns.user_id,",
        "Name": "mapping.yml, line 6, users.columns.full_name,",
        "Room": "mapping.yml, line 8, users.keep.1,",
        "Floor": "mapping.yml, line 9, users.keep.2,",
        "Kind": "mapping.yml, line 11, users.where.Kind,",
        "Site": "mapping.yml, line 12, users.where.Site,",
        "Key": "mapping.yml, line 13, users.group_by.1,",
    }


def test_a_database_has_tables_and_no_files(tmp_path: Path) -> None:
    assert "'file' is not known here (allowed: table, cursor" in error_of(tmp_path, SOUND, DATABASE)
    assert "'delimiter' is not known here" in error_of(tmp_path, "delimiter: ','\n" + SOUND, DATABASE)
    looked_up = "{full_name: {column: A, lookup: {file: b.csv, key: C, value: D}}, user_id: B}"
    tables = f"entities:\n  users:\n    table: people\n    columns: {looked_up}\n"
    assert "line 4, entities.users.columns.full_name.lookup: only files" in error_of(tmp_path, tables, DATABASE)


def test_words_are_text_whatever_yaml_makes_of_them(tmp_path: Path) -> None:
    """In YAML 1.1 Yes is true, 010 is eight and 2025-01-02 a date."""
    file = tmp_path / "mapping.yml"
    file.write_text(
        SOUND.replace("Deal ID", "{column: 010, values: {Yes: 010, No: null, '': 2025-01-02}}"), encoding="utf-8"
    )
    [part] = read_mapping(file, EXPORTS).parts["opportunities"]
    assert "('Yes', '010'), ('No', None), ('', '2025-01-02')" in repr(part.targets["opportunity_id"])
    assert part.columns == ("010", "Stage", "Created")
