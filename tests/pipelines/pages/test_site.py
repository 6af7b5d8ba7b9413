"""Which pages are written and which taken over, when there are none, and who gets them."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from markupsafe import escape
from starlette.types import Message, Scope

from pipelines import cli
from pipelines.pages.model import rep_file
from pipelines.pages.rows import queries, read
from pipelines.pages.site import has_marts, write_site
from pipelines.pages.words import words_of
from pipelines.publication.publish import publish
from pipelines.publication.versions import read_version, release
from pipelines.serving.pages import WithPages
from pipelines.settings import Settings
from tests.pipelines.conftest import UNTIL
from tests.pipelines.pages.conftest import Published, with_pages
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse


@pytest.fixture
def home(published: Published, tmp_path: Path) -> Settings:
    """The test's own copy of the home with pages."""
    shutil.copytree(published.settings.home, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home", landing=tmp_path / "landing", as_of=UNTIL)


def test_only_pages_with_other_figures_are_written(home: Settings) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        [(user_id,)] = connection.execute(
            """
            UPDATE marts.kpi_rep_digest SET sentence = 'So it was.'
            WHERE user_id = (SELECT max_by(user_id, (month, user_id)) FROM marts.kpi_rep_digest)
            RETURNING user_id
            """
        ).fetchall()[:1]
    with with_pages():
        version = publish(home, UNTIL, "second")
    first = read_version(home, 1).site
    new = {file.name for file in version.site.iterdir() if not file.samefile(first / file.name)}
    assert new == {rep_file(user_id), "data.html", "version.js", "pages.json"}
    assert "So it was." in (version.site / rep_file(user_id)).read_text(encoding="utf-8")
    assert "version 2" in (version.site / "version.js").read_text(encoding="utf-8")


def test_a_page_that_would_differ_is_never_taken_over(
    published: Published, marts: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever of its inputs changes, a page is known by another digest if one byte of it is another."""
    # Vega takes long, and draws what it is given.
    monkeypatch.setattr("pipelines.pages.charts.vega_lite", lambda *given: {"given": repr(given)})
    monkeypatch.setattr("pipelines.pages.charts.svg", repr)
    marts.execute("ATTACH ':memory:' AS views; CREATE SCHEMA views.marts")
    for (name,) in marts.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published' AND schema_name = 'marts'"
    ).fetchall():
        marts.execute(f"CREATE VIEW views.marts.{name} AS FROM published.marts.{name}")
    marts.execute("USE views")

    def site(name: str) -> tuple[dict[str, str], dict[str, bytes]]:
        folder = tmp_path / name
        write_site(
            marts, folder, published.site, lambda file: file.name == "vega.js", [], language="en", currency="USD"
        )
        digests: dict[str, str] = json.loads((folder / "pages.json").read_text(encoding="utf-8"))
        return digests, {page.name: page.read_bytes() for page in folder.glob("*.html")}

    digests, pages = site("before")
    changes = [
        ("fct_opportunity", "name || '!' AS name"),
        ("fct_opportunity", "stage || '!' AS stage"),
        ("fct_opportunity", "'Taste' AS loss_reason"),
        ("fct_opportunity", "cycle_days + 1 AS cycle_days"),
        ("fct_opportunity", "CAST(created_amount + 1 AS DECIMAL(18, 2)) AS created_amount"),
        ("fct_opportunity", "first_state_on - 1 AS first_state_on"),
        ("dim_account", "name || '!' AS name"),
        ("dim_rep", "full_name || '!' AS full_name"),
        # No rep has a page any more, to which lines of deals could link.
        ("kpi_rep_scorecard", "user_id || '!' AS user_id"),
        ("kpi_catalogue", "'decimal' AS unit"),
        ("dim_date", "fiscal_quarter + 1 AS fiscal_quarter"),
    ]
    for number, (table, changed) in enumerate(changes):
        view = f"CREATE OR REPLACE VIEW views.marts.{table} AS"
        marts.execute(f"{view} SELECT * REPLACE ({changed}) FROM published.marts.{table}")
        new_digests, new_pages = site(str(number))
        marts.execute(f"{view} FROM published.marts.{table}")
        assert new_pages != pages, f"{changed} shows nowhere"
        kept = {file for file, digest in digests.items() if new_digests.get(file) == digest}
        assert [file for file in pages.keys() & kept if pages[file] != new_pages[file]] == [], f"{changed} goes unseen"


def test_a_version_without_the_extra_has_no_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(tmp_path)
    make_warehouse(settings)
    warnings: list[str] = []
    version = publish(settings, AS_OF, "without", warn=warnings.append)
    assert warnings == ["Version 1 has no pages: they need the extra `pages`; run `pip install 'repline[pages]'`"]
    assert not version.site.exists()
    monkeypatch.setenv("REPLINE_HOME", str(tmp_path))
    said = CliRunner().invoke(cli.main, ["pages"])
    assert said.exit_code == 1
    assert "version 1 was published without pages" in said.output


def test_a_version_with_pages_switched_off_says_nothing(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    make_warehouse(settings)
    with with_pages():
        off = Settings(home=settings.home, landing=settings.landing, as_of=AS_OF, pages=False)
        warnings: list[str] = []
        publish(off, AS_OF, "off", warn=warnings.append)
    assert not warnings


def test_a_fault_of_the_pages_keeps_no_figure_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object, folder: Path, *__: object, **___: object) -> None:
        folder.mkdir()
        raise ValueError("no such colour")

    settings = make_settings(tmp_path)
    make_warehouse(settings)
    monkeypatch.setattr("pipelines.publication.publish.has_marts", lambda _: True)
    monkeypatch.setattr("pipelines.publication.publish.write_site", fail)
    warnings: list[str] = []
    with with_pages():
        version = publish(settings, AS_OF, "faulty", warn=warnings.append)
    [warning] = warnings
    assert warning.startswith("Version 1 has no pages: they could not be made.\n")
    assert warning.endswith("ValueError: no such colour\n")
    assert not version.site.exists()
    assert version.number == 1


def test_the_setting_is_true_or_false(tmp_path: Path) -> None:
    environment = {"REPLINE_HOME": str(tmp_path)}
    assert Settings.from_environment(environment).pages
    assert not Settings.from_environment({**environment, "REPLINE_PAGES": "false"}).pages
    with pytest.raises(ValueError, match="REPLINE_PAGES is 'perhaps'; write true or false"):
        Settings.from_environment({**environment, "REPLINE_PAGES": "perhaps"})


def test_a_company_with_the_least_has_pages(
    published: Published, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """No quotas, no history, no practice: what has no rows has no section, in Spanish too."""
    marts.execute("ATTACH ':memory:' AS small")
    marts.execute("CREATE SCHEMA small.marts")
    kept = {"dim_date", "dim_rep", "dim_rep_version", "publication", "dataset_freshness", "kpi_catalogue"}
    for (name,) in marts.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published' AND schema_name = 'marts'"
    ).fetchall():
        rows = "" if name in kept else "WHERE false"
        columns = "*"
        if name in ("kpi_company_scorecard", "kpi_team_scorecard", "kpi_rep_scorecard"):
            rows = "WHERE period_type <> 'quarter' OR period_start >= DATE '2025-10-01'"
            columns = (
                "* REPLACE (NULL::DECIMAL(18, 2) AS quota_amount, NULL::DOUBLE AS attainment, NULL::DOUBLE AS win_rate)"
            )
        marts.execute(f"CREATE TABLE small.marts.{name} AS SELECT {columns} FROM published.marts.{name} {rows}")
    marts.execute("USE small")
    # The first site lends its Vega, which takes seconds to bundle.
    lent = tmp_path / "lent"
    shutil.copytree(published.site, lent)
    write_site(marts, tmp_path / "site", lent, lambda _: True, [], language="es", currency="EUR")
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="es">' in page
    assert "Importes en EUR" in page
    assert 'id="forecast"' not in page
    assert 'id="quarter"' in page
    assert len(list((tmp_path / "site").glob("rep-*.html"))) == len(list(published.site.glob("rep-*.html")))


def test_before_any_event_there_is_nothing_to_show() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE SCHEMA marts; CREATE TABLE marts.dim_date (date_day DATE, month_start DATE,"
            " quarter_start DATE, year_start DATE, is_future BOOLEAN);"
            "CREATE TABLE marts.kpi_stage_funnel (cohort_month DATE, is_bottleneck BOOLEAN)"
        )
        assert read(connection) is None


def test_languages_have_the_same_texts() -> None:
    english, spanish = words_of("en", "EUR"), words_of("es", "EUR")
    assert english.texts.keys() == spanish.texts.keys()
    for name, text in english.texts.items():
        if isinstance(text, dict):
            assert text.keys() == spanish.texts[name].keys(), name
    assert spanish.number(-1234.5, 1) == "−1.234,5"
    assert english.number(-0.001, 1) == "0.0"


@pytest.mark.parametrize("language", ["en", "es"])
def test_numbers_and_days_are_written_without_what_html_takes_for_its_own(language: str) -> None:
    words = words_of(language, "EUR")
    units = ("count", "decimal", "fraction", "money", "cents", "money_per_day", "days", "hours", "seconds")
    written = [words.text(value, unit, True) for value in (-12345678.9, 0.5) for unit in units]
    months = [datetime(2025, month, 1) for month in range(1, 13)]
    written += [words.text(month, unit) for month in months for unit in ("day", "month", "moment")]
    assert [text for text in written if escape(text) != text] == []


def test_a_query_says_what_it_reads() -> None:
    assert len(queries()) > 25
    assert not has_marts(["fct_call"])


def test_the_server_hands_out_the_pages_of_the_current_version(published: Published) -> None:
    release(published.settings, 1)

    def get(path: str) -> tuple[int, dict[str, str], bytes]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def dagster(scope: Scope, receive: object, send: object) -> None:
            sent.append({"type": "http.response.start", "status": 299, "headers": []})

        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": "GET",
            "path": path,
            "headers": [],
            "query_string": b"",
            "root_path": "",
        }
        asyncio.run(WithPages(dagster, published.settings)(scope, receive, send))
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])

    status, headers, body = get("/site/")
    assert (status, headers["cache-control"]) == (200, "no-cache")
    assert body == (published.site / "index.html").read_bytes()
    assert get("/site/style.css")[1]["content-type"].startswith("text/css")
    assert get("/site")[0] == 307
    assert get("/site/none.html")[0] == 404
    assert get("/site/../repline.duckdb")[0] == 404
    assert get("/runs")[0] == 299
