"""What the queries of the pages read from a published version: rows that know where each of their figures stands.

Belongs here: running the queries, and handing out the rows of one page. Does not belong here: the queries
(`pipelines/pages/queries`, a file each), or what is shown of them.

A query's head says what it reads, from which mart, and which columns tell its rows apart:

    -- What each team won month by month, beside its quota.
    -- figures: kpi_team_scorecard by team, period_type, period_start
    -- page: team by team

`figures` are columns of the mart as they stand there, `sums` their sums over all rows with the same key, `counts` the
number of these rows. A page of a team or a rep gets the rows whose column after `by` names it. In place of `{counted}`
comes which deals each measure counts, as the catalogue says it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import duckdb

from ingestion.text import literal

_QUERIES = Path(__file__).parent / "queries"
_HEAD = re.compile(
    r"-- (?P<kind>figures|sums|counts): (?P<mart>[\w.]+) by (?P<key>[\w, ]+)\n"
    r"-- page: (?P<page>\w+)(?: by (?P<by>\w+))?\n"
)
# The periods that the pages show, by the as-of day.
_PERIODS = """
    WITH today AS (SELECT * FROM marts.dim_date WHERE NOT is_future ORDER BY date_day DESC LIMIT 1)
    SELECT
        date_day AS as_of_day, month_start AS month, quarter_start AS quarter, year_start AS year,
        CAST(quarter_start - INTERVAL 3 MONTHS AS DATE) AS last_quarter,
        CAST(month_start - INTERVAL 12 MONTHS AS DATE) AS first_month,
        LEAST(first_month, last_quarter, year) AS first_day,
        (SELECT max_by(cohort_month, (is_bottleneck, cohort_month)) FROM marts.kpi_stage_funnel) AS funnel_month
    FROM today
"""
_DEALS_COUNTED = """
    SELECT kpi, row_filter, row_rep, row_day FROM marts.kpi_catalogue
    WHERE row_table = 'fct_opportunity' AND row_value = '1' ORDER BY kpi
"""
_FISCAL_QUARTERS = "SELECT DISTINCT quarter_start, fiscal_year, fiscal_quarter FROM marts.dim_date"


@dataclass(frozen=True)
class Query:
    """A query of the pages. `kind` is figures, sums or counts; `by` is the column that tells whose page a row is on."""

    name: str
    sql: str
    kind: str
    mart: str
    key: tuple[str, ...]
    page: str
    by: str | None

    def figure(self, column: str) -> str:
        """The name of a figure in a column of the answer."""
        match self.kind:
            case "sums":
                return f"sum({self.mart}.{column})"
            case "counts":
                return f"count({self.mart})"
        return f"{self.mart}.{column}"


class Row(dict[str, Any]):
    """A row of a query's answer, by column."""

    __slots__ = ("_key", "query")

    def __init__(self, query: Query, values: Iterable[tuple[str, Any]]) -> None:
        super().__init__(values)
        self.query = query
        self._key = ""

    def mark(self, column: str) -> tuple[str, str]:
        """Where a figure stands: the mart's column, and the key of its row in the form of a URL's query, in HTML."""
        if not self._key:
            self._key = "&amp;".join([f"{part}={quote_plus(str(self[part]))}" for part in self.query.key])
        return self.query.figure(column), self._key


Rows = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Answers:
    """The answers to all queries. `periods` are the first days of the periods shown (`first_day` of all of them,
    `funnel_month` of the funnel), and the as-of day.

    `fiscal_quarters` has year and number of a quarter, by its first day.
    """

    periods: dict[str, Any]
    fiscal_quarters: dict[Any, tuple[int, int]]
    rows: dict[str, list[Row]]

    def of(self, page: str) -> dict[str, list[Row]]:
        """The rows of all queries for a kind of page, by the query's name."""
        return {name: self.rows.get(name, []) for name, query in queries().items() if query.page == page}

    def by(self, page: str) -> dict[str, dict[str, list[Row]]]:
        """The same for each single page of this kind: by whose it is, then by the query's name."""
        names = [name for name, query in queries().items() if query.page == page]
        found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: {name: [] for name in names})
        for name in names:
            column = queries()[name].by
            for row in self.rows.get(name, []):
                found[row[str(column)]][name].append(row)
        return found

    def teams(self) -> dict[str, dict[str, list[Row]]]:
        """The rows of each team that has figures, by its name."""
        return {team: rows for team, rows in self.by("team").items() if rows["team_scorecard"]}


@cache
def queries() -> dict[str, Query]:
    """All queries by name."""
    return {path.stem: _query(path) for path in sorted(_QUERIES.rglob("*.sql"))}


def marts_read() -> frozenset[str]:
    """The tables of schema marts that the queries read."""
    texts = [query.sql for query in queries().values()] + [_PERIODS]
    return frozenset(name for text in texts for name in re.findall(r"\bmarts\.(\w+)", text))


def read(connection: duckdb.DuckDBPyConnection) -> Answers | None:
    """Ask everything once. The connection sees the version's tables as schema `marts`, the warehouse as `warehouse`.

    None where the version has no day to show. What the warehouse does not have has no rows.
    """
    found = connection.execute(_PERIODS)
    names = [column[0] for column in found.description or []]
    day = found.fetchone()
    if day is None:
        return None
    periods = dict(zip(names, day, strict=True))
    quarters = {start: (year, number) for start, year, number in connection.execute(_FISCAL_QUARTERS).fetchall()}
    counted = _deals_counted(connection)
    rows = {name: _ask(connection, query, periods, counted) for name, query in queries().items()}
    return Answers(periods, quarters, rows)


def _deals_counted(connection: duckdb.DuckDBPyConnection) -> str:
    """Which deals each measure of them counts, for whom and on which day, as SQL."""
    return "\n    UNION ALL\n    ".join(
        f"SELECT {literal(kpi.removesuffix('_count'))} AS behind, opportunity_id, {rep} AS user_id,"
        f" {day or '$as_of_day'} AS counted_on FROM marts.fct_opportunity WHERE {condition or 'true'}"
        for kpi, condition, rep, day in connection.execute(_DEALS_COUNTED).fetchall()
    )


def _ask(
    connection: duckdb.DuckDBPyConnection, query: Query, periods: Mapping[str, Any], deals_counted: str
) -> list[Row]:
    sql = query.sql.replace("{counted}", deals_counted)
    bound = {name: value for name, value in periods.items() if re.search(rf"\${name}\b", sql)}
    try:
        answer = connection.execute(sql, bound)
    except duckdb.CatalogException:
        if "warehouse." in query.sql:
            return []  # Nothing came to a gate yet, or no file was loaded.
        raise
    names = [column[0] for column in answer.description or []]
    return [Row(query, zip(names, values, strict=True)) for values in answer.fetchall()]


def _query(path: Path) -> Query:
    sql = path.read_text(encoding="utf-8")
    head = _HEAD.search(sql)
    if head is None:
        raise ValueError(f"{path} does not say what it reads")
    key = tuple(part.strip() for part in head["key"].split(","))
    return Query(path.stem, sql, head["kind"], head["mart"], key, head["page"], head["by"])
