"""`repline mcp`: what agents may ask of the published version, by the Model Context Protocol.

Belongs here: the tools with what they tell an agent, and the two ways to reach them (standard input and output, HTTP on
this machine). Does not belong here: the answers (`pipelines.asking`).

Every question opens the version that readers see then, so that a new publication is followed at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.types import ASGIApp

from pipelines.asking import own_queries
from pipelines.asking.catalogue import Catalogue, Metric, read_catalogue
from pipelines.asking.explaining import Explanation, explain
from pipelines.asking.people import Who, all_reps, all_teams, find_rep, find_team, find_who, is_called
from pipelines.asking.periods import period_named, periods_named, published_periods
from pipelines.asking.published import AskingError, Published, open_published
from pipelines.asking.questions import Answer, ask, dimensions
from pipelines.asking.scope import EVERYBODY, Scope
from pipelines.publication.datasets import DATASET_FRESHNESS
from pipelines.publication.versions import PublicationError
from pipelines.serving.guard import Guard
from pipelines.settings import Settings

HOST = "127.0.0.1"
_INSTRUCTIONS = """
Sales figures of one company, from marts that passed their checks. Ask list_metrics first for the names and what they
mean, ask_metric for figures, explain_figure for the deals or calls behind one. Figures stand for the moment `as_of` of
each answer: "this quarter" is the one of that moment. Fractions are from 0 to 1, money is in the base currency. Ratios
are never averaged: ask for the period or team itself. Where `is_truncated`, more rows exist than were returned.
"""
_READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)

_MetricName = Annotated[str, Field(description="Name of a metric, of list_metrics.")]
_PeriodName = Annotated[
    str,
    Field(
        description=(
            "2025-10 (a month), 2025-Q3 (a fiscal quarter), 2025 (a fiscal year), this month, last quarter; ask_metric "
            "also takes all from one to another: 2025-01..2025-06."
        )
    ),
]
_RepName = Annotated[str | None, Field(description="A rep by user_id, e-mail address or name.")]
_TeamName = Annotated[str | None, Field(description="A team by name.")]
_Limit = Annotated[int, Field(ge=1, description="Most rows of the answer.")]
_Json = dict[str, Any]


class Tools:
    """The tools of a server, each a method; its docstring and annotations are what an agent reads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._most_rows = settings.agents.agent_row_limit

    def all(self) -> list[Callable[..., _Json]]:
        """The tools that the settings allow."""
        tools: list[Callable[..., _Json]] = [
            self.list_metrics,
            self.ask_metric,
            self.explain_figure,
            self.list_reps,
            self.list_teams,
            self.list_periods,
            self.data_freshness,
        ]
        return [*tools, self.list_tables, self.run_sql] if self._settings.agents.agent_sql else tools

    def list_metrics(
        self,
        family: Annotated[
            str | None, Field(description="results, pipeline, activity, efficiency, conversation or customer.")
        ] = None,
    ) -> _Json:
        """The metrics: what each means, its formula, unit, which way is better, and by what it can be asked for."""
        with self._open() as (published, catalogue, _):
            metrics = [
                _described(published, catalogue, metric)
                for metric in catalogue.values()
                if family is None or metric.family == family.strip().lower()
            ]
            if not metrics:
                families = dict.fromkeys(metric.family for metric in catalogue.values())
                raise AskingError(f"there is no family {family!r}; there are: {', '.join(families)}")
            return {**_origin(published), "metrics": metrics}

    def ask_metric(
        self,
        metric: _MetricName,
        period: _PeriodName,
        by: Annotated[
            str | None,
            Field(
                description=(
                    "A row for each of these: rep, team, manager, company, rep_median (the median of all reps), or a "
                    "column of `by_columns` of the metric, such as pipeline, product or loss_reason."
                )
            ),
        ] = None,
        rep: _RepName = None,
        team: _TeamName = None,
        filters: Annotated[
            dict[str, str | list[str]] | None,
            Field(description='Values that columns must have: {"pipeline": "renewals", "type": ["New", "Upsell"]}.'),
        ] = None,
        limit: _Limit = 100,
    ) -> _Json:
        """A metric in a period or several: of the company, a team or a rep, or by each of them; best first."""
        with self._open() as (published, catalogue, scope):
            answer = ask(
                published,
                catalogue,
                catalogue.named(metric),
                periods_named(published, period),
                by=by,
                who=self._who(published, scope, rep, team),
                filters=filters,
                limit=self._limit(limit),
                scope=scope,
            )
            return {**_origin(published), **_answered(answer)}

    def explain_figure(
        self,
        metric: _MetricName,
        period: _PeriodName,
        rep: _RepName = None,
        team: _TeamName = None,
        limit: _Limit = 20,
    ) -> _Json:
        """The deals or calls that a figure of a rep, a team or the company is made of, with their total."""
        with self._open() as (published, catalogue, scope):
            explained = explain(
                published,
                catalogue,
                catalogue.named(metric),
                period_named(published, period),
                self._who(published, scope, rep, team),
                limit=self._limit(limit),
                scope=scope,
            )
            return {**_origin(published), **_explained(explained)}

    def list_reps(
        self,
        search: Annotated[str | None, Field(description="Part of a name, e-mail address or id.")] = None,
        team: _TeamName = None,
        limit: _Limit = 100,
    ) -> _Json:
        """The reps with their ids, teams and roles."""
        with self._open() as (published, _, scope):
            if scope.rep:
                reps = [rep for rep in all_reps(published) if rep["user_id"] == scope.rep.key]
                reps = [{**rep, "manager_id": None} for rep in reps]
            else:
                wanted = find_team(published, team).key if team else None
                reps = [rep for rep in all_reps(published) if wanted in (None, rep["team"]) and _has(rep, search)]
            return {**_origin(published), **_cut("reps", reps, self._limit(limit))}

    def list_teams(self) -> _Json:
        """The names of the teams."""
        with self._open() as (published, _, scope):
            if scope.rep:
                raise scope.refusal()
            return {**_origin(published), "teams": all_teams(published)}

    def list_periods(self) -> _Json:
        """The months, fiscal quarters and fiscal years that can be asked for, with their first and last days."""
        with self._open() as (published, _, _scope):
            periods = [
                {"period": each.name, "type": each.type, "start": each.start, "end": each.end}
                for each in published_periods(published)
            ]
            return {**_origin(published), "periods": _plain(periods)}

    def data_freshness(self) -> _Json:
        """How new the data behind the figures are: the newest event and the last load of each dataset, in UTC."""
        with self._open() as (published, _, _scope):
            datasets = published.rows(f"SELECT * FROM marts.{DATASET_FRESHNESS} ORDER BY dataset")
            published_at = published.version.published_at.isoformat()
            return {**_origin(published), "published_at": published_at, "datasets": _plain(datasets)}

    def list_tables(
        self, table: Annotated[str | None, Field(description="Its columns; without one, all tables.")] = None
    ) -> _Json:
        """The published tables, or the columns of one, with what they mean; for run_sql."""
        with self._open() as (published, _, _scope):
            found = own_queries.columns(published, table) if table else own_queries.tables(published)
            return {**_origin(published), "columns" if table else "tables": found}

    def run_sql(
        self,
        query: Annotated[str, Field(description="One SELECT in DuckDB's SQL over the tables of list_tables.")],
        limit: _Limit = 100,
    ) -> _Json:
        """A query of your own, where no other tool has the answer. Tables are named marts.<table>."""
        most = self._limit(limit)
        with self._open() as (published, _, _scope):
            return {**_origin(published), **_cut("rows", own_queries.run(published, query, most + 1), most)}

    @contextmanager
    def _open(self) -> Iterator[tuple[Published, Catalogue, Scope]]:
        """The version that readers see now, and whose figures may be told. Errors become the agent's."""
        try:
            with open_published(self._settings, self._settings.agents.agent_timeout_seconds) as published:
                yield published, read_catalogue(published), _scope(self._settings, published)
        except (AskingError, PublicationError) as error:
            raise ToolError(str(error)) from None

    def _who(self, published: Published, scope: Scope, rep: str | None, team: str | None) -> Who | None:
        if scope.rep and (rep or team):
            # Looked for among one, so that no answer tells who else there is.
            [own] = [each for each in all_reps(published) if each["user_id"] == scope.rep.key]
            if team or not rep or not is_called(own, rep):
                raise scope.refusal()
            return scope.rep
        return find_who(published, rep, team)

    def _limit(self, wanted: int) -> int:
        return min(wanted, self._most_rows)


def make_server(settings: Settings) -> MCPServer[Any]:
    """The server. Raises AskingError where the settings name a rep who is not there."""
    if settings.agents.agent_rep:
        with open_published(settings) as published:
            _scope(settings, published)
    server: MCPServer[Any] = MCPServer("repline", instructions=_INSTRUCTIONS.strip(), log_level="WARNING")
    for tool in Tools(settings).all():
        server.add_tool(tool, annotations=_READ_ONLY)
    return server


def http_app(server: MCPServer[Any]) -> ASGIApp:
    """The server at `/mcp`, closed to pages of other sites."""
    return Guard(server.streamable_http_app(host=HOST, json_response=True, stateless_http=True))


def run(settings: Settings, port: int | None = None) -> None:
    """Serve on standard input and output, or with a port by HTTP on this machine, until it is stopped."""
    server = make_server(settings)
    if port is None:
        server.run("stdio")
    else:
        uvicorn.run(http_app(server), host=HOST, port=port, log_level="warning")


def _scope(settings: Settings, published: Published) -> Scope:
    """A part of a name may be another's tomorrow: it has to be an id or an address."""
    rep = settings.agents.agent_rep
    return Scope(find_rep(published, rep, by_name=False)) if rep else EVERYBODY


def _origin(published: Published) -> _Json:
    return {"version": published.version.number, "as_of": published.version.as_of.isoformat()}


def _described(published: Published, catalogue: Catalogue, metric: Metric) -> _Json:
    leaves = catalogue.leaves(metric) if catalogue.has_rows(metric) else []
    columns = [set(dimensions(published, leaf.rows)) for leaf in leaves if leaf.rows]
    return {
        "metric": metric.name,
        "family": metric.family,
        "meaning": metric.meaning,
        "formula": metric.formula,
        "unit": metric.unit,
        "kind": metric.kind,
        "better": metric.better,
        "why": metric.why,
        "by": list(metric.grains),
        "by_columns": sorted(set.intersection(*columns)) if columns else [],
        "is_explained": bool(leaves),
    }


def _answered(answer: Answer) -> _Json:
    return {
        "metric": answer.metric.name,
        "meaning": answer.metric.meaning,
        "unit": answer.metric.unit,
        "by": answer.by,
        "rows": _plain(answer.rows),
        "is_truncated": answer.is_cut,
    }


def _explained(explained: Explanation) -> _Json:
    metric, period = explained.metric, explained.period
    found: _Json = {
        "metric": metric.name,
        "meaning": metric.meaning,
        "formula": metric.formula,
        "unit": metric.unit,
        "of": explained.who.name,
        "period": {"name": period.name, "start": period.start, "end": period.end},
        "figure": explained.figure,
    }
    if explained.reason:
        found["not_listed"] = explained.reason
    if explained.parts:
        found["parts"] = [_explained(part) for part in explained.parts]
    elif not explained.reason:
        found |= {
            "total": explained.total,
            "row_count": explained.row_count,
            "rows": list(explained.rows),
            "is_truncated": explained.row_count > len(explained.rows),
        }
    return dict(_plain(found))


def _cut(name: str, rows: list[_Json], limit: int) -> _Json:
    return {name: _plain(rows[:limit]), "is_truncated": len(rows) > limit}


def _has(rep: _Json, search: str | None) -> bool:
    texts = (rep["user_id"], rep["full_name"], rep["email"])
    return not search or any(search.strip().lower() in text.lower() for text in texts if text)


@functools.singledispatch
def _plain(value: Any) -> Any:
    """A value as JSON has it; cents and seconds are exact as numbers of fifteen digits."""
    return str(value)


@_plain.register(str)
@_plain.register(int)
@_plain.register(float)
@_plain.register(type(None))
def _(value: Any) -> Any:
    return value


@_plain.register
def _(value: Decimal) -> float:
    return float(value)


@_plain.register(date)
@_plain.register(datetime)
def _(value: date) -> str:
    return value.isoformat()


@_plain.register
def _(value: dict) -> _Json:
    return {str(key): _plain(each) for key, each in value.items()}


@_plain.register(list)
@_plain.register(tuple)
def _(value: Any) -> list[Any]:
    return [_plain(each) for each in value]
