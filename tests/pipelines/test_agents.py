"""`repline mcp`: agents ask with the SDK's own client, get what the marts have, and see no more than they may."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx2  # what the SDK speaks HTTP with
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters, stdio_client
from mcp.server.mcpserver import MCPServer

from pipelines.agent_settings import AgentSettings
from pipelines.asking.people import all_reps
from pipelines.asking.published import AskingError, open_published
from pipelines.cli import main
from pipelines.publication.versions import release, version_path
from pipelines.serving.agents import http_app, make_server
from pipelines.settings import Settings
from tests.pipelines.conftest import RefreshedHome

Question = tuple[str, Mapping[str, Any]]
TOOLS = {
    *("list_metrics", "ask_metric", "explain_figure", "list_reps", "list_teams", "list_periods", "data_freshness"),
}


def _asked(connected: Any, questions: list[Question]) -> list[Any]:
    """The answers: what a tool returned, or the text of its error."""

    async def ask() -> list[Any]:
        async with Client(connected) as client:
            answers = [await client.call_tool(tool, dict(arguments)) for tool, arguments in questions]
            return [each.content[0].text if each.is_error else each.structured_content for each in answers]  # type: ignore[union-attr]

    return anyio.run(ask)


def _tools(server: MCPServer[Any]) -> dict[str, Any]:
    async def tools() -> dict[str, Any]:
        async with Client(server) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    return anyio.run(tools)


def test_answers_are_those_of_the_marts(refreshed: RefreshedHome) -> None:
    with open_published(refreshed.settings) as published:
        mart = published.rows(
            "SELECT user_id, CAST(won_amount AS DOUBLE) AS value FROM marts.kpi_rep_scorecard"
            " WHERE period_type = 'quarter' AND period_start = DATE '2025-10-01'"
        )
        metrics = [row["kpi"] for row in published.rows("SELECT kpi FROM marts.kpi_catalogue")]
        datasets = published.rows("SELECT dataset FROM marts.dataset_freshness ORDER BY dataset")
        version = published.version.number
    best = max(mart, key=lambda row: row["value"])
    listed, asked, explained, reps, periods, freshness = _asked(
        make_server(refreshed.settings),
        [
            ("list_metrics", {}),
            ("ask_metric", {"metric": "won_amount", "period": "2025-Q4", "by": "rep"}),
            ("explain_figure", {"metric": "won_amount", "period": "2025-Q4", "rep": best["user_id"], "limit": 1}),
            ("list_reps", {"search": best["user_id"]}),
            ("list_periods", {}),
            ("data_freshness", {}),
        ],
    )
    assert [metric["metric"] for metric in listed["metrics"]] == metrics
    assert {row["user_id"]: row["value"] for row in asked["rows"]} == {row["user_id"]: row["value"] for row in mart}
    assert (asked["is_truncated"], asked["unit"], asked["version"]) == (False, "money", version)
    assert explained["figure"] == explained["total"] == best["value"]
    assert explained["is_truncated"] == (explained["row_count"] > 1)
    assert [rep["user_id"] for rep in reps["reps"]] == [best["user_id"]]
    assert "2025-Q4" in {period["period"] for period in periods["periods"]}
    assert [row["dataset"] for row in freshness["datasets"]] == [row["dataset"] for row in datasets]


def test_all_tools_only_read_and_queries_are_switched_on(refreshed: RefreshedHome) -> None:
    tools = _tools(make_server(refreshed.settings))
    assert set(tools) == TOOLS
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    allowed = replace(refreshed.settings, agents=AgentSettings(agent_sql=True, agent_row_limit=2))
    assert set(_tools(make_server(allowed))) == {*TOOLS, "run_sql", "list_tables"}
    rows, refused, columns = _asked(
        make_server(allowed),
        [
            ("run_sql", {"query": "SELECT user_id FROM marts.dim_rep ORDER BY user_id", "limit": 50}),
            ("run_sql", {"query": "SELECT * FROM read_csv('/etc/passwd')"}),
            ("list_tables", {"table": "dim_rep"}),
        ],
    )
    assert (len(rows["rows"]), rows["is_truncated"]) == (2, True)
    assert "disabled" in refused
    assert {"column": "user_id", "type": "VARCHAR", "meaning": columns["columns"][0]["meaning"]} in columns["columns"]


def test_errors_are_in_the_words_of_the_question(refreshed: RefreshedHome) -> None:
    unknown, no_period, wrong = _asked(
        make_server(refreshed.settings),
        [
            ("ask_metric", {"metric": "won_amont", "period": "2025"}),
            ("explain_figure", {"metric": "won_amount", "period": "2031"}),
            ("ask_metric", {"metric": "won_amount", "period": "2025", "limit": 0}),
        ],
    )
    assert "there is no metric 'won_amont'; did you mean won_amount" in unknown
    assert "the year 2031 is not published" in no_period
    assert "limit" in wrong


def test_a_server_for_one_rep_tells_of_nobody_else(refreshed: RefreshedHome) -> None:
    with open_published(refreshed.settings) as published:
        reps = all_reps(published)
        [own] = published.rows(
            "SELECT user_id FROM marts.kpi_rep_scorecard"
            " WHERE period_type = 'year' AND period_start = DATE '2025-01-01' ORDER BY won_amount DESC LIMIT 1"
        )
        deals = {row["id"] for row in published.rows("SELECT opportunity_id AS id FROM marts.fct_opportunity")}
        mine = {
            row["id"]
            for row in published.rows(
                "SELECT opportunity_id AS id FROM marts.fct_opportunity"
                " WHERE $rep IN (owner_id, created_owner_id, closed_owner_id)",
                {"rep": own["user_id"]},
            )
        }
        teams = [row["team"] for row in published.rows("SELECT DISTINCT team FROM marts.dim_rep_version")]
    [rep] = [rep for rep in reps if rep["user_id"] == own["user_id"]]
    others = [each for each in reps if each["user_id"] != own["user_id"]]
    server = make_server(refreshed.settings.with_agents(own["user_id"]))
    metrics = ["won_amount", "attainment", "talk_ratio", "open_at_start_count", "stage_conversion_rate", "rep_count"]

    own_questions: list[Question] = [
        ("ask_metric", {"metric": "won_amount", "period": "2025"}),
        ("ask_metric", {"metric": "won_amount", "period": "2025", "rep": rep["full_name"]}),
        ("ask_metric", {"metric": "won_amount", "period": "2025", "rep": rep["email"].upper()}),
        ("explain_figure", {"metric": "won_amount", "period": "2025", "limit": 200}),
        ("list_reps", {}),
    ]
    asked, named, addressed, explained, listed = _asked(server, own_questions)
    assert asked == named == addressed
    assert asked["rows"][0]["value"] == explained["total"] == explained["figure"] > 0
    assert [each["user_id"] for each in listed["reps"]] == [own["user_id"]]

    questions: list[Question] = [("list_metrics", {}), ("data_freshness", {}), ("list_periods", {}), ("list_teams", {})]
    for by in (None, "rep", "team", "manager", "company", "rep_median", "pipeline", "stage", "user_id", "name", "role"):
        questions += [("ask_metric", {"metric": metric, "period": "2025-11", "by": by}) for metric in metrics]
    for metric in metrics:
        questions += [("explain_figure", {"metric": metric, "period": "2025-12", "limit": 200})]
    for other in (others[0]["user_id"], others[1]["full_name"], "no such person"):
        questions += [("ask_metric", {"metric": "won_amount", "period": "2025", "rep": other})]
        questions += [("explain_figure", {"metric": "won_amount", "period": "2025", "rep": other})]
        questions += [("list_reps", {"search": other})]
    for team in (teams[0], "no such team"):
        questions += [("ask_metric", {"metric": "won_amount", "period": "2025", "team": team})]
        questions += [("explain_figure", {"metric": "won_amount", "period": "2025", "team": team})]
        questions += [("ask_metric", {"metric": "won_amount", "period": "2025", "filters": {"team": team}})]
        questions += [("list_reps", {"team": team})]
    questions += [
        ("ask_metric", {"metric": "won_amount", "period": "2025", "by": "company", "filters": {"status": "won"}})
    ]
    answers = _asked(server, questions)
    told = json.dumps(answers)
    for other in others:
        for text in (other["user_id"], other["full_name"], other["email"]):
            # The rep of deals that nobody owns is nobody.
            assert not text or text == "unassigned" or f'"{text}"' not in told, text
            assert not text or " " not in text or text not in told, text
    assert not [deal for deal in deals - mine if f'"{deal}"' in told]
    # Whether somebody exists is not told either: the same words for all.
    refusals = {json.dumps(answer) for (_, asked), answer in zip(questions, answers, strict=True) if asked.get("rep")}
    assert len({text.partition(": ")[2] for text in refusals}) == 1
    # Of the company there are whole figures alone.
    assert answers[-1].startswith("Error executing tool ask_metric: here are only the figures of")


def test_a_server_for_nobody_does_not_start(refreshed: RefreshedHome) -> None:
    with pytest.raises(AskingError, match="there is no rep 'nobody@example"):
        make_server(refreshed.settings.with_agents("nobody@example.com"))


def test_a_new_publication_is_followed(refreshed: RefreshedHome, tmp_path: Path) -> None:
    settings = replace(refreshed.settings, home=tmp_path)
    shutil.copytree(refreshed.settings.published, settings.published, symlinks=True)
    server = make_server(settings)
    number = _asked(server, [("list_periods", {})])[0]["version"]
    shutil.copytree(version_path(settings, number), version_path(settings, number + 1))
    release(settings, number + 1)
    assert _asked(server, [("list_periods", {})])[0]["version"] == number + 1


def test_standard_input_and_output(refreshed: RefreshedHome) -> None:
    environment = {"REPLINE_HOME": str(refreshed.settings.home), "PATH": os.environ["PATH"]}
    command = [str(Path(sys.executable).with_name("repline")), "mcp"]
    server = StdioServerParameters(command=command[0], args=command[1:], env=environment)
    [answer] = _asked(stdio_client(server), [("ask_metric", {"metric": "won_count", "period": "2025"})])
    assert answer["rows"][0]["value"] > 0


def test_http_answers_this_machine_alone(refreshed: RefreshedHome) -> None:
    server = make_server(refreshed.settings)
    app = http_app(server)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_teams", "arguments": {}}}
    accepted = {"Accept": "application/json, text/event-stream", "Host": "127.0.0.1:8321"}

    async def statuses() -> list[int]:
        async with (
            server.session_manager.run(),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8321") as client,
        ):
            asked = [
                {},
                {"Origin": "http://127.0.0.1:8321"},
                {"Host": "evil.example:8321"},
                {"Origin": "https://evil.example"},
                {"Sec-Fetch-Site": "cross-site"},
            ]
            answers = [await client.post("/mcp", json=call, headers={**accepted, **headers}) for headers in asked]
            assert "teams" in answers[0].text
            return [answer.status_code for answer in answers]

    assert anyio.run(statuses) == [200, 200, 403, 403, 403]


def test_without_the_package_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.cli.find_spec", lambda name: None)
    told = CliRunner().invoke(main, ["mcp"])
    assert (told.exit_code, told.output) == (
        1,
        "Error: repline mcp needs the extra mcp; run `pip install 'repline[mcp]'`\n",
    )


def test_settings_of_agents_are_checked(tmp_path: Path) -> None:
    told = {"REPLINE_HOME": str(tmp_path), "REPLINE_VARS": '{"agent_sql": true, "agent_rep": "u1"}'}
    with pytest.raises(ValueError, match="agent_sql and agent_rep exclude each other"):
        Settings.from_environment(told)
    with pytest.raises(ValueError, match="agent_row_limit is 0"):
        Settings.from_environment({**told, "REPLINE_VARS": '{"agent_row_limit": 0}'})
