"""Questions to the published version: figures equal the marts, rows add up to figures, and errors say what there is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.agent_settings import AgentSettings
from pipelines.asking import own_queries
from pipelines.asking.catalogue import Catalogue, Metric, read_catalogue
from pipelines.asking.explaining import Explanation, explain
from pipelines.asking.people import COMPANY, Who, all_reps, all_teams, find_rep, find_team
from pipelines.asking.periods import period_named, periods_named
from pipelines.asking.published import AskingError, Published, open_published
from pipelines.asking.questions import ask
from pipelines.asking.scope import MEDIAN, Scope
from pipelines.cli import main
from tests.pipelines.conftest import RefreshedHome

# Made of rows in every period, in the one that the as-of moment lies in alone, and not at all.
ALWAYS = {
    *("won_count", "won_amount", "lost_count", "lost_amount", "created_count", "created_amount", "quota_amount"),
    *("outbound_calls", "connected_calls", "talk_seconds", "talk_ratio"),
    *("win_rate", "win_rate_amount", "avg_won_amount", "avg_cycle_days", "attainment", "connect_rate"),
}
NOW = {"open_count", "open_amount"}


@pytest.fixture(scope="module")
def published(refreshed: RefreshedHome) -> Iterator[Published]:
    with open_published(refreshed.settings) as found:
        yield found


@pytest.fixture(scope="module")
def catalogue(published: Published) -> Catalogue:
    return read_catalogue(published)


def _reckoned(explained: Explanation) -> float | None:
    """The figure from the rows that were returned, or from those of its parts."""
    if explained.parts:
        parts = {part.metric.name: _reckoned(part) or 0 for part in explained.parts}
        try:
            return float(eval(explained.metric.formula, {}, parts))
        except ZeroDivisionError:
            return None
    values = [row["value"] for row in explained.rows if row["value"] is not None]
    assert explained.metric.rows is not None
    if explained.metric.rows.total == "sum":
        return float(sum(values))
    return float(sum(values)) / len(explained.rows) if explained.rows else None


def test_what_can_be_explained_is_what_the_catalogue_has_rows_of(catalogue: Catalogue) -> None:
    assert {name for name, metric in catalogue.items() if catalogue.has_rows(metric)} == ALWAYS | NOW


@pytest.mark.parametrize("name", sorted(ALWAYS | NOW))
def test_the_rows_of_a_figure_add_up_to_it(published: Published, catalogue: Catalogue, name: str) -> None:
    metric = catalogue[name]
    reps = [Who("rep", rep["user_id"], "") for rep in all_reps(published)]
    asked = [("2025-12", who) for who in reps]
    if metric.table != "kpi_conversation":
        asked += [("2025-Q4", who) for who in (COMPANY, *(Who("team", team, "") for team in all_teams(published)))]
        asked += [] if name in NOW else [("2025-11", COMPANY), ("2024", COMPANY)]
    is_any = False
    for text, who in asked:
        explained = explain(published, catalogue, metric, period_named(published, text), who)
        assert not explained.reason
        figure = None if explained.figure is None else float(explained.figure)
        # Who has no row on the scorecard, or no quota, has no figure; the sum of no rows is 0.
        wanted = 0 if figure is None and explained.total == 0 else figure
        assert _reckoned(explained) == pytest.approx(wanted), (text, who)
        assert explained.total == wanted or float(explained.total or 0) == pytest.approx(wanted), (text, who)
        is_any = is_any or bool(figure)
    assert is_any


def test_a_cut_explanation_keeps_its_total(published: Published, catalogue: Catalogue) -> None:
    period = period_named(published, "2025")
    whole = explain(published, catalogue, catalogue["created_amount"], period)
    cut = explain(published, catalogue, catalogue["created_amount"], period, limit=2)
    assert (cut.total, cut.row_count, len(cut.rows)) == (whole.total, len(whole.rows), 2)
    assert [row["opportunity_id"] for row in cut.rows] == [row["opportunity_id"] for row in whole.rows[:2]]
    values = [row["value"] for row in whole.rows if row["value"] is not None]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("name", "period", "reason"),
    [
        ("open_amount", "2025-Q3", "as they stand on 2025-12-31 alone"),
        ("due_open_amount", "2025-Q4", "kpi_rep_scorecard has it"),
        ("coverage_at_start", "2025-Q4", "not all rows of due_open_amount are known"),
    ],
)
def test_what_has_no_rows_says_why(
    published: Published, catalogue: Catalogue, name: str, period: str, reason: str
) -> None:
    explained = explain(published, catalogue, catalogue[name], period_named(published, period))
    assert reason in explained.reason
    assert explained.total is None


@pytest.mark.parametrize("grain", ["rep", "team", "manager", "company"])
@pytest.mark.parametrize("name", ["won_amount", "attainment", "open_at_start_count"])
def test_figures_are_those_of_the_marts(published: Published, catalogue: Catalogue, grain: str, name: str) -> None:
    period = period_named(published, "2025-Q4")
    answer = ask(published, catalogue, catalogue[name], [period], by=grain, limit=100)
    mart = published.rows(
        f"SELECT {name} AS value FROM marts.kpi_{grain}_scorecard WHERE period_type = 'quarter' AND period_start = ?",
        [period.start],
    )
    assert sorted(map(str, (row["value"] for row in answer.rows))) == sorted(map(str, (row["value"] for row in mart)))
    assert not answer.is_cut


def _values(published: Published, catalogue: Catalogue, metric: str, period: str, **question: Any) -> dict[Any, Any]:
    answer = ask(published, catalogue, catalogue[metric], periods_named(published, period), limit=500, **question)
    column = "user_id" if question.get("by") == "rep" else question.get("by")
    return {row.get(str(column)): row["value"] for row in answer.rows}


def test_what_the_scorecards_do_not_have_is_added_up_from_rows(published: Published, catalogue: Catalogue) -> None:
    company = _values(published, catalogue, "won_amount", "2025")[None]
    by_source = _values(published, catalogue, "won_amount", "2025", by="lead_source")
    assert len(by_source) > 1
    assert sum(by_source.values(), Decimal()) == company
    one, amount = next(iter(by_source.items()))
    assert _values(published, catalogue, "won_amount", "2025", filters={"lead_source": one.upper()}) == {None: amount}
    # The reps of a team, for what they did in it.
    teams = _values(published, catalogue, "won_amount", "2025", by="team")
    for team, figure in teams.items():
        reps = _values(published, catalogue, "won_amount", "2025", by="rep", who=Who("team", team, team))
        assert sum(reps.values(), Decimal()) == figure
    # Of a ratio, what it divides is added up first.
    won, lost = (_values(published, catalogue, name, "2025", by="lead_source") for name in ("won_count", "lost_count"))
    rates = _values(published, catalogue, "win_rate", "2025", by="lead_source")
    assert rates == {key: won.get(key, 0) / (won.get(key, 0) + lost.get(key, 0)) for key in {*won, *lost}}


def test_stages_and_months_are_answered(published: Published, catalogue: Catalogue) -> None:
    answer = ask(
        published,
        catalogue,
        catalogue["stage_conversion_rate"],
        periods_named(published, "2025-10..2025-11"),
        by="stage",
        filters={"pipeline": "new_business"},
        limit=100,
    )
    mart = published.rows(
        "SELECT stage, strftime(cohort_month, '%Y-%m') AS period, conversion_rate AS value FROM marts.kpi_stage_funnel"
        " WHERE pipeline = 'new_business' AND cohort_month IN (DATE '2025-10-01', DATE '2025-11-01')"
    )
    found = {(row["period"], row["stage"], row["value"]) for row in answer.rows}
    assert found == {(row["period"], row["stage"], row["value"]) for row in mart}
    assert found


def test_more_rows_than_the_limit_are_said(published: Published, catalogue: Catalogue) -> None:
    answer = ask(published, catalogue, catalogue["won_amount"], periods_named(published, "2025"), by="rep", limit=2)
    assert (len(answer.rows), answer.is_cut) == (2, True)
    assert answer.rows[0]["value"] >= answer.rows[1]["value"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("2025-Q3", ["2025-Q3"]),
        ("2025q3", ["2025-Q3"]),
        ("2025-10", ["2025-10"]),
        ("2025", ["2025"]),
        ("this month", ["2025-12"]),
        ("last quarter", ["2025-Q3"]),
        ("2025-10..2025-12", ["2025-10", "2025-11", "2025-12"]),
    ],
)
def test_periods_are_read_as_people_write_them(published: Published, text: str, names: list[str]) -> None:
    assert [period.name for period in periods_named(published, text)] == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-Q1", "the quarter 2026-Q1 is not published; there are those from"),
        ("autumn", "'autumn' is no period; write 2025-10"),
        ("2025-12..2025-10", "from a period to a later one of the same kind"),
        ("2025-Q1..2025-10", "from a period to a later one of the same kind"),
    ],
)
def test_what_is_no_period_is_said(published: Published, text: str, message: str) -> None:
    with pytest.raises(AskingError, match=message):
        periods_named(published, text)


def test_a_rep_is_found_by_id_address_and_name(published: Published) -> None:
    rep = next(rep for rep in all_reps(published) if rep["email"])
    name = rep["full_name"]
    for text in (rep["user_id"], rep["email"].upper(), name, name.removesuffix(" (demo)")):
        assert find_rep(published, text) == Who("rep", rep["user_id"], name)
    with pytest.raises(AskingError, match=r"may be .+ or .+; write the id or the e-mail address"):
        find_rep(published, "(demo)")
    with pytest.raises(AskingError, match=rf"there is no rep .+; did you mean .*{rep['user_id']}"):
        find_rep(published, "x" + name)
    with pytest.raises(AskingError, match="there is no rep"):
        find_rep(published, name, by_name=False)
    with pytest.raises(AskingError, match="there is no team 'Nowhere'; there are: "):
        find_team(published, "Nowhere")


@pytest.mark.parametrize(
    ("metric", "question", "message"),
    [
        ("won_amount", {"by": "shoe_size"}, "fct_opportunity has no 'shoe_size' to ask by; it has: .*loss_reason"),
        # A name from a question is never SQL.
        ("won_amount", {"by": "1; DROP TABLE x --"}, "to ask by; it has"),
        ("won_amount", {"filters": {"amount = 0 OR 1": "1"}}, "to ask by; it has"),
        ("due_open_amount", {"by": "product"}, "not all rows that it is made of are published"),
        ("nps", {}, "known by the month only"),
    ],
)
def test_what_cannot_be_asked_is_said(
    published: Published, catalogue: Catalogue, metric: str, question: dict[str, Any], message: str
) -> None:
    with pytest.raises(AskingError, match=message):
        _values(published, catalogue, metric, "2025-Q4", **question)


def test_an_unknown_metric_is_answered_with_near_ones(catalogue: Catalogue) -> None:
    assert catalogue.named("Won amount") == catalogue["won_amount"]
    with pytest.raises(AskingError, match="there is no metric 'won_amont'; did you mean won_amount"):
        catalogue.named("won_amont")


def test_a_rep_sees_no_small_company(
    published: Published, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep = find_rep(published, next(rep["user_id"] for rep in all_reps(published) if rep["email"]))
    scope = Scope(rep)
    for by in ("company", MEDIAN):
        assert _values(published, catalogue, "won_amount", "2025-Q4", by=by, scope=scope)
    monkeypatch.setattr("pipelines.asking.questions.FEWEST_REPS", 1000)
    for by in ("company", MEDIAN):
        assert not _values(published, catalogue, "won_amount", "2025-Q4", by=by, scope=scope)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/asked'",
        "ATTACH ':memory:' AS other",
        "SET enable_external_access = true",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "DELETE FROM marts.dim_rep",
        "SELECT 1; SELECT 2",
        "SELECT * FROM secret_frame",
        "SELECT nothing FROM nowhere",
        "",
    ],
)
def test_a_query_of_ones_own_reads_the_published_tables_alone(
    published: Published, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DuckDB looks for variables where its query is run, and in that module.
    told = published.connection.execute("SELECT 1 AS told").to_arrow_table()
    monkeypatch.setattr("pipelines.asking.published.secret_frame", told, raising=False)
    with pytest.raises(AskingError):
        own_queries.run(published, query, 10)


def test_a_query_of_ones_own_is_answered_within_bounds(refreshed: RefreshedHome, published: Published) -> None:
    rows = own_queries.run(published, "SELECT user_id FROM marts.dim_rep ORDER BY user_id -- all", 3)
    assert [row["user_id"] for row in rows] == sorted(rep["user_id"] for rep in all_reps(published))[:3]
    meanings = {table["table"]: table["meaning"] for table in own_queries.tables(published)}
    assert meanings["dim_rep"].startswith("Reps in their current version")
    assert {column["column"] for column in own_queries.columns(published, "marts.dim_rep")} >= {"user_id", "email"}
    hurried = replace(published, deadline=time.monotonic() + 0.05)
    with pytest.raises(AskingError, match="no answer in time"):
        own_queries.run(hurried, "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a <> b", 1)


def test_the_command_prints_the_deals_behind_a_figure(
    refreshed: RefreshedHome, published: Published, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLINE_HOME", str(refreshed.settings.home))
    metric: Metric = catalogue["won_amount"]
    explained = explain(published, catalogue, metric, period_named(published, "2025"))
    told = CliRunner().invoke(main, ["explain", "won_amount", "--period", "2025", "--limit", "0"])
    assert told.exit_code == 0, told.output
    figure = f"{explained.figure:,.2f}"
    first, *_, last = told.output.splitlines()
    assert first == f"won_amount of the company, 2025 (2025-01-01 to 2025-12-31): {figure}"
    assert last.startswith(f"total of {explained.row_count} rows")
    assert last.endswith(f" {figure}")
    assert metric.meaning in told.output
    assert all(row["opportunity_id"] in told.output for row in explained.rows)

    cut = CliRunner().invoke(main, ["explain", "win_rate", "--period", "2025", "--limit", "1"]).output
    assert "more rows are in the total and not shown" in cut
    unknown = CliRunner().invoke(main, ["explain", "won_amount", "--period", "2025", "--rep", "Zyx Qvw"])
    assert (unknown.exit_code, unknown.stderr.splitlines()) == (
        1,
        ["Error: there is no rep 'Zyx Qvw'; write the id, the e-mail address or the name of dim_rep"],
    )


def test_nothing_published_is_said(refreshed: RefreshedHome, tmp_path: Any) -> None:
    with (
        pytest.raises(AskingError, match="nothing is published yet"),
        open_published(replace(refreshed.settings, home=tmp_path, agents=AgentSettings())),
    ):
        pass
