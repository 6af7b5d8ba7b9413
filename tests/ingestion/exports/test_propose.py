"""`repline map`: what it proposes validates and runs once its doubts are resolved, and it never guesses a date."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingestion.landing.errors import LandingError
from ingestion.mapping import EXPORTS, MappingError, read_mapping
from ingestion.mapping.propose import propose
from ingestion.mapping.shapes import ISO, date_formats, number_forms
from pipelines.cli import main
from tests.ingestion.exports.conftest import Exports


def proposal(exports: Exports, *names: str) -> str:
    """Propose a mapping for files of the folder, and put it there."""
    text = propose([exports.folder / name for name in names])
    exports.write("mapping.yml", text)
    return text


def test_the_reference_companys_files(shared_dir: Path, exports: Exports) -> None:
    shutil.copytree(shared_dir / "data" / "maven_crm", exports.folder, dirs_exist_ok=True)
    text = proposal(exports, "sales_pipeline.csv", "sales_teams.csv", "accounts.csv", "products.csv")
    assert "# products.csv: no entity of the contract fits its columns product, series, sales_price" in text
    for line in (
        "user_id: sales_agent",
        "manager_id: manager",
        "account_id: account",
        "industry: sector",
        "owner_id: sales_agent",
        "stage: deal_stage",
        "amount: close_value",
        "product: {column: product, values: {GTXPro: GTX Pro}}",
        "# DOUBT: 500 of 8,800 rows are empty here",
        "created_at: engage_date",
        "close_date: close_date",
        "- {stage: Won, position: 3, is_closed: true, is_won: true}",
        "- {stage: Lost, position: 4, is_closed: true, is_won: false}",
    ):
        assert line in text
    exports.load()
    assert exports.rows("SELECT count(*), sum(amount)::INT FROM raw.exports__opportunities WHERE stage = 'Won'") == [
        (4238, 10005534)
    ]
    assert exports.rows("SELECT entity, rows_quarantined FROM raw.landing_files WHERE rows_quarantined > 0") == [
        ("opportunities", 500)
    ]


DEALS = (
    "Record ID;Deal Name;Deal Stage;Pipeline;Amount in company currency;Close Date;Create Date;Deal owner;Archived;"
    "Notes\n"
    '1;"One; Ltd";Appointment Scheduled;Sales;€ 1.234,50;03/04/2025;2025-01-02 10:00;Ada;No;x\n'
    "2;Two;Closed Won;Sales;€ 99,00;05/06/2025;2025-01-03 10:00;Bo;No;\n"
    "3;Three;Closed Lost;Renewals;€ 1.000.000;05/06/2025;2025-01-03 10:00;Ada;Yes;\n"
)


def test_a_crms_export(exports: Exports) -> None:
    exports.write("all-deals.csv", DEALS)
    text = proposal(exports, "all-deals.csv")
    assert "every date fits each of %d/%m/%Y and %m/%d/%Y: choose one" in text
    # What is to be chosen stops a load, and says where.
    with pytest.raises(MappingError, match=r"opportunities\.columns\.close_date\.format"):
        read_mapping(exports.folder / "mapping.yml", EXPORTS)
    exports.write("mapping.yml", text.replace("format: '?'", "format: '%d/%m/%Y'"))
    exports.load()
    assert exports.quarantined() == []
    assert exports.rows(
        "SELECT opportunity_id, name, stage, pipeline, amount::VARCHAR, close_date, created_at, owner_id, is_deleted "
        "FROM raw.exports__opportunities ORDER BY 1 LIMIT 1"
    ) == [
        (
            "1",
            "One; Ltd",
            "Appointment Scheduled",
            "Sales",
            "1234.5000",
            date(2025, 4, 3),
            datetime(2025, 1, 2, 10),
            "Ada",
            False,
        )
    ]
    assert exports.rows("SELECT user_id FROM raw.exports__users WHERE user_id = full_name ORDER BY 1") == [
        ("Ada",),
        ("Bo",),
    ]
    assert exports.rows(
        "SELECT pipeline, stage, position, is_closed, is_won FROM raw.exports__pipeline_stages ORDER BY ALL"
    ) == [
        ("Renewals", "Closed Lost", 1, True, False),
        ("Sales", "Appointment Scheduled", 1, False, False),
        ("Sales", "Closed Won", 2, True, True),
    ]
    assert "Passed over; what you want along goes under keep: Notes" in text


def test_a_workbook_with_a_title_and_calls(exports: Exports) -> None:
    exports.write_workbook(
        "report.xlsx",
        {
            "Deals": [
                ["Opportunity report"],
                ["Opportunity ID", "Opportunity Owner", "Stage", "Created Date", "Close Date", "Amount", "Currency"],
                ["d1", "Ada", "Open", datetime(2025, 1, 2, 9, 30), date(2025, 3, 1), 10.5, "EUR"],
                ["d2", "Bo", "Won", datetime(2025, 1, 2, 9, 30), date(2025, 3, 2), 20, "EUR"],
            ],
            "Calls": [
                ["Call ID", "Activity assigned to", "Call date", "Call duration", "Call direction", "Call outcome"],
                ["c1", "Ada", datetime(2025, 1, 2, 9, 30), "00:05:23", "Outgoing", "Left voicemail"],
                ["c2", "Bo", datetime(2025, 1, 3, 9, 30), "01:05:23", "Incoming", "Spoke"],
            ],
            "Empty": [],
        },
    )
    exports.write("owners.csv", "User ID,Name,Email,Reports To\n7,Ada,ada@example.com,\n8,Bo,bo@example.com,Ada\n")
    text = proposal(exports, "report.xlsx", "owners.csv")
    assert "header_row: 2" in text
    # The deals say Ada, not 7.
    assert "the other files name them so" in text
    exports.load()
    assert exports.quarantined() == []
    assert exports.rows("SELECT user_id, email FROM raw.exports__users ORDER BY 1") == [
        ("Ada", "ada@example.com"),
        ("Bo", "bo@example.com"),
    ]
    assert exports.rows(
        "SELECT call_id, user_id, duration_seconds::INT, direction, disposition FROM raw.exports__calls ORDER BY 1"
    ) == [("c1", "Ada", 323, "outbound", "voicemail"), ("c2", "Bo", 3923, "inbound", "connected")]
    assert exports.rows("SELECT sum(amount)::VARCHAR, max(close_date) FROM raw.exports__opportunities") == [
        ("30.5000", date(2025, 3, 2))
    ]


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2025-01-02", "2025-01-02T10:00:00Z"], [ISO]),
        (["31/01/2025", "01/02/2025"], ["%d/%m/%Y"]),
        (["01/31/2025", "01/02/2025"], ["%m/%d/%Y"]),
        (["01/02/2025", "03/04/2025"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["31/01/2025", "01/31/2025"], []),
        (["1/2/2025, 3:05 PM", "1/31/2025, 12:00 AM"], ["%m/%d/%Y, %I:%M %p"]),
        (["31.12.24"], ["%d.%m.%y"]),
        (["3 Jan 2025"], ["%d %b %Y"]),
        (["31/02/2025"], []),
        (["soon"], []),
        ([], []),
    ],
)
def test_date_formats_are_all_that_fit(values: list[str], formats: list[str]) -> None:
    assert date_formats(values) == formats


@pytest.mark.parametrize(
    ("values", "signs"),
    [
        (["1", "2.5"], [(".", "")]),
        (["1.234,5"], [(",", ".")]),
        (["1,234", "5.5"], [(".", ",")]),
        (["1.234"], [(".", ""), (",", ".")]),
        (["1,234"], [(",", "."), (".", ",")]),
        (["12 EUR"], [(".", "")]),
        (["1'234.50"], [(".", "'")]),
        (["x"], []),
    ],
)
def test_number_forms_are_all_that_read_the_values_differently(values: list[str], signs: list[tuple[str, str]]) -> None:
    assert [(form.decimal, form.thousands) for form in number_forms(values)] == signs


def test_the_command(exports: Exports) -> None:
    exports.write("all-deals.csv", DEALS)
    done = CliRunner().invoke(main, ["map", str(exports.folder / "all-deals.csv")])
    assert done.exit_code == 0
    assert done.stdout == propose([exports.folder / "all-deals.csv"])
    exports.write("notes.pdf", "x")
    done = CliRunner().invoke(main, ["map", str(exports.folder / "notes.pdf")])
    assert done.exit_code == 1
    assert "notes.pdf is neither text nor a workbook" in done.stderr
    with pytest.raises(LandingError):
        propose([exports.folder / "notes.pdf"])
