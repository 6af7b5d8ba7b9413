"""How a mapping reads values: each form takes what fits it, and quarantines the rest with a reason that names it."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from tests.ingestion.exports.conftest import STAGES, USERS, Exports

# Each form with what its values become; of one that is quarantined the beginning of the reason.
Cases: TypeAlias = list[tuple[str, dict[str, Any]]]
DATES: Cases = [
    (
        "{column: Value, format: '%d/%m/%Y'}",
        {
            "31/12/2024": date(2024, 12, 31),
            "1/2/2025": date(2025, 2, 1),
            "": None,
            "12/31/2024": "does not fit the format %d/%m/%Y",
            "31/12/24": "does not fit the format %d/%m/%Y",
            "2024-12-31": "does not fit the format %d/%m/%Y",
            "31/02/2025": "does not fit the format %d/%m/%Y",
            "31/12/2024 10:00": "does not fit the format %d/%m/%Y",
        },
    ),
    ("{column: Value, format: '%b %d, %Y'}", {"Dec 31, 2024": date(2024, 12, 31), "Dez 31, 2024": "does not fit"}),
    ("{column: Value, format: '%d.%m.%y'}", {"31.12.24": date(2024, 12, 31), "31.12.2024": "does not fit"}),
    (
        "Value",
        {
            "2024-12-31": date(2024, 12, 31),
            "2024-12-31T23:00:00Z": date(2024, 12, 31),
            "31/12/2024": "not an ISO 8601 date",
        },
    ),
]
MOMENTS: Cases = [
    (
        "{column: Value, format: '%d/%m/%Y %H:%M', timezone: Europe/Amsterdam}",
        {
            "01/07/2025 10:05": datetime(2025, 7, 1, 8, 5),
            "01/12/2025 9:05": datetime(2025, 12, 1, 8, 5),
            "12/13/2025 09:05": "does not fit the format %d/%m/%Y %H:%M",
        },
    ),
    ("{column: Value, format: '%m/%d/%Y %I:%M %p'}", {"1/31/2025 12:05 AM": datetime(2025, 1, 31, 0, 5)}),
    ("{column: Value, format: '%Y-%m-%d %H:%M:%S %z'}", {"2025-07-01 10:00:00 +0200": datetime(2025, 7, 1, 8)}),
    (
        "{column: Value, timezone: America/New_York}",
        {
            "2025-07-01 10:00:00": datetime(2025, 7, 1, 14),
            "2025-07-01T10:00:00Z": datetime(2025, 7, 1, 10),
            "2025-07-01T10:00:00-07:00": datetime(2025, 7, 1, 17),
            "2025-07-01": datetime(2025, 7, 1, 4),
            "1/7/2025": "not an ISO 8601 timestamp",
        },
    ),
    ("Value", {"2025-07-01 10:00:00": datetime(2025, 7, 1, 10)}),
]
AMOUNTS: Cases = [
    (
        "{column: Value, decimal: ',', thousands: '.', symbols: ['€', EUR]}",
        {
            "1.234.567,89": Decimal("1234567.89"),
            "€ 1.234,50": Decimal("1234.5"),
            "12,5\u00a0EUR": Decimal("12.5"),
            "1234": Decimal(1234),
            "": None,
            "12.5": "not a number with the decimal sign , and thousands set apart by . and the signs € EUR",
            "$ 5": "not a number",
            "1.23,4": "not a number",
            "five": "not a number",
        },
    ),
    (
        "{column: Value, thousands: ',', symbols: $}",
        {"$1,234.50": Decimal("1234.5"), "12,34,567": Decimal(1234567), "1,23": "not a number", "1,5": "not a"},
    ),
    ("{column: Value, decimal: ',', thousands: ' '}", {"1\u202f234,5": Decimal("1234.5"), "1 2": "not a number"}),
    ("{column: Value, decimal: ',', thousands: \"'\"}", {"1'234,5": Decimal("1234.5")}),
    ("Value", {"12.5": Decimal("12.5"), '"1,234"': "not a number of at most 12 digits"}),
]
DURATIONS: Cases = [
    ("{column: Value, unit: milliseconds}", {"90500": Decimal("90.5")}),
    ("{column: Value, unit: minutes, decimal: ','}", {"1,5": Decimal(90)}),
    ("{column: Value, unit: hours}", {"0.5": Decimal(1800)}),
    (
        "{column: Value, format: '%H:%M:%S'}",
        {"00:05:23": Decimal(323), "30:00:01": Decimal(108001), "5:23": "does not fit the format %H:%M:%S"},
    ),
    ("{column: Value, format: '%Mm %Ss'}", {"5m 23s": Decimal(323), "5m": "does not fit"}),
]
BOOLEANS: Cases = [
    (
        "{column: Value, true: [Yes, Y], false: [No]}",
        {"yes": True, "NO": False, "": None, "x": "not one of Yes (true)"},
    ),
    ("{column: Value, true: '*', false: ''}", {"2025-01-01": True, "": False}),
    ("{column: Value, true: Closed, false: ['*', '']}", {"Closed": True, "Open": False, "": False}),
    ("Value", {"true": True, "False": False, "yes": "not true or false"}),
]
TEXTS: Cases = [
    (
        "{column: Value, values: {GTXPro: GTX Pro, '-': null}}",
        {"GTXPro": "GTX Pro", "-": None, "MG": "MG", "": None},
    ),
    ("{column: Value, values: {a: A, '': none, '*': other}}", {"a": "A", "": "none", "b": "other"}),
    ("{join: [Id, {value: x}, Value]}", {"a": "0 x a", "": "1 x"}),
    ("{key: [Value, Id], separator: ':'}", {"a": "a:0", "": None}),
    ("{hash: [Value]}", {"a": "0cc175b9c0f1b6a831c399e269772661", "": None}),
    ("{first_of: [Value, {column: Id, values: {'1': one}}]}", {"a": "a", "": "one"}),
    ("{first_of: [Value], values: {a: b}}", {"a": "b"}),
    ("{value: it's}", {"a": "it's"}),
]
FORMS = [
    (column, spec, values)
    for column, cases in [
        ("close_date", DATES),
        ("updated_at", MOMENTS),
        ("amount", AMOUNTS),
        ("duration_seconds", DURATIONS),
        ("is_deleted", BOOLEANS),
        ("name", TEXTS),
    ]
    for spec, values in cases
]
DEALS = """
    - file: {number}.csv
      columns: {{opportunity_id: {key}, stage: {{value: Won}}, created_at: {{value: 2025-01-01}}, {column}: {spec}}}
"""
CALLS = """
    - file: {number}.csv
      columns:
        {{call_id: {key}, user_id: {{value: u}}, started_at: {{value: 2025-01-01}}, direction: {{value: inbound}},
         {column}: {spec}}}
"""


def entity_of(column: str) -> str:
    return "calls" if column == "duration_seconds" else "opportunities"


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """All forms in one load, each in a file of its own."""
    folder = tmp_path_factory.mktemp("forms")
    exports = Exports(folder / "exports", folder / "home")
    exports.write("owners.csv", "Id,Owner\n1,Ada\n2,Bo\n")
    parts = {"opportunities": "", "calls": ""}
    for number, (column, spec, values) in enumerate(FORMS):
        exports.write(f"{number}.csv", "Id;Value\n" + "".join(f"{n};{value}\n" for n, value in enumerate(values)))
        section = CALLS if column == "duration_seconds" else DEALS
        key = f"{{join: [{{value: '{number}'}}, Id]}}"
        parts[entity_of(column)] += section.format(number=number, key=key, column=column, spec=spec)
    sections = (f"\n  {entity}:{text}" for entity, text in parts.items())
    exports.mapping(
        USERS.replace("owners.csv", "owners.csv\n    delimiter: ','"), STAGES, *sections, top="delimiter: ;"
    )
    exports.load()
    return exports


def read(forms: Exports, column: str, spec: str, values: dict[str, Any]) -> dict[str, Any]:
    """What each value became; of one that is quarantined the reason."""
    number = FORMS.index((column, spec, values))
    key = "call_id" if column == "duration_seconds" else "opportunity_id"
    found = dict(
        forms.rows(
            f"SELECT split_part({key}, ' ', 2)::INT, {column} FROM raw.exports__{entity_of(column)} "
            f"WHERE {key} LIKE '{number} %'"
        )
    )
    written = [*values]
    for line, quarantined, value, reason in forms.rows(
        f"SELECT line, column_name, value, reason FROM raw.quarantine WHERE file = '{number}.csv'"
    ):
        assert (quarantined, value) == (column, written[line - 2].strip('"'))
        found[line - 2] = reason
    return {value: found[n] for n, value in enumerate(written)}


@pytest.mark.parametrize(("spec", "values"), DATES)
def test_dates(forms: Exports, spec: str, values: dict[str, Any]) -> None:
    expect(read(forms, "close_date", spec, values), values)


@pytest.mark.parametrize(("spec", "values"), MOMENTS)
def test_moments(forms: Exports, spec: str, values: dict[str, Any]) -> None:
    expect(read(forms, "updated_at", spec, values), values)


@pytest.mark.parametrize(("spec", "values"), AMOUNTS)
def test_amounts(forms: Exports, spec: str, values: dict[str, Any]) -> None:
    expect(read(forms, "amount", spec, values), values)


@pytest.mark.parametrize(("spec", "values"), DURATIONS)
def test_durations(forms: Exports, spec: str, values: dict[str, Any]) -> None:
    expect(read(forms, "duration_seconds", spec, values), values)


@pytest.mark.parametrize(("spec", "values"), BOOLEANS)
def test_booleans(forms: Exports, spec: str, values: dict[str, Any]) -> None:
    expect(read(forms, "is_deleted", spec, values), values)


@pytest.mark.parametrize(("spec", "values"), TEXTS)
def test_texts(forms: Exports, spec: str, values: dict[str, Any]) -> None:
    expect(read(forms, "name", spec, values), values)


def test_cells_of_a_sheet_are_what_they_are(exports: Exports) -> None:
    """Dates, times and numbers need no format in a workbook; a text among them is read in the format that is named."""
    exports.write_workbook(
        "deals.xlsx",
        {
            "Deals": [
                ["Id", "Close", "Created", "Amount", "Talked"],
                [1001, date(2025, 1, 31), datetime(2025, 1, 2, 10, 30), 1234.5, time(0, 5, 23)],
                [1002, "31/01/2025", datetime(2025, 1, 3, 10, 30), 1.234, "00:05"],
                ["D-3", "01/31/2025", datetime(2025, 1, 3, 10, 30), None, None],
            ]
        },
    )
    exports.mapping(
        USERS,
        STAGES,
        """
  opportunities:
    file: deals.xlsx
    columns:
      opportunity_id: Id
      stage: {value: Won}
      created_at: {column: Created, timezone: Europe/Amsterdam}
      close_date: {column: Close, format: '%d/%m/%Y'}
      amount: {column: Amount, decimal: ',', thousands: .}
      name: {join: [Amount, Id]}
  calls:
    file: deals.xlsx
    columns:
      {call_id: Id, user_id: {value: u}, started_at: Created, direction: {value: inbound},
       duration_seconds: {column: Talked, format: '%H:%M:%S'}}
""",
    )
    exports.load()
    assert exports.rows(
        "SELECT * EXCLUDE (loss_reason) FROM (SELECT opportunity_id, created_at, close_date, amount, "
        "name, loss_reason FROM raw.exports__opportunities) ORDER BY 1"
    ) == [
        ("1001", datetime(2025, 1, 2, 9, 30), date(2025, 1, 31), Decimal("1234.5"), "1234.5 1001"),
        ("1002", datetime(2025, 1, 3, 9, 30), date(2025, 1, 31), Decimal("1.234"), "1.234 1002"),
    ]
    assert exports.rows("SELECT call_id, duration_seconds FROM raw.exports__calls ORDER BY 1") == [
        ("1001", Decimal(323)),
        ("D-3", None),
    ]
    assert exports.quarantined() == [
        (
            "deals.xlsx",
            3,
            "1002",
            "duration_seconds",
            "00:05",
            "does not fit the format %H:%M:%S (mapping.yml, line 26)",
        ),
        ("deals.xlsx", 4, "D-3", "close_date", "01/31/2025", "does not fit the format %d/%m/%Y (mapping.yml, line 19)"),
    ]


def expect(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each value is what was expected; of a reason its beginning."""
    assert {
        value: (str(result)[: len(str(expected[value]))] if isinstance(expected[value], str) else result)
        for value, result in found.items()
    } == expected
