"""The command line: quick where it can be, and one clear line where something is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.runs.instance import open_instance
from pipelines.settings import default_vars
from tests.pipelines.conftest import RefreshedHome
from tests.shortcuts import PARSED

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("dagster", "dlt", "dbt", "great_expectations", "sqlalchemy", "pandas")


def repline(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "repline"), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def in_process(*arguments: str, **environment: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments, env=environment)
    return result.exit_code, result.stdout, result.stderr


def environment_of(home: RefreshedHome) -> dict[str, str]:
    return {
        "REPLINE_HOME": str(home.settings.home),
        "REPLINE_AS_OF": "2025-12-31T18:00:00Z",
    }


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    """Help, freshness and rollback answer at once: Dagster alone takes a second to import, dbt two."""
    code = (
        "import sys, pipelines.cli, pipelines.reports.freshness, pipelines.publication.versions\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_has_help() -> None:
    code, text, _ = in_process("--help")
    assert code == 0
    for command in ("demo", "refresh", "status", "freshness", "rollback", "forget", "serve"):
        assert command in text
        assert in_process(command, "--help")[0] == 0


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"REPLINE_AS_OF": "yesterday"}, "REPLINE_AS_OF is 'yesterday', not an ISO 8601 moment"),
        ({"REPLINE_TARGET": "oracle"}, "REPLINE_TARGET is 'oracle'; it may be: duckdb, spark"),
        ({"REPLINE_VARS": "{"}, "REPLINE_VARS is not JSON"),
        ({"REPLINE_VARS": '{"currency": "EUR"}'}, "REPLINE_VARS names the unknown setting 'currency'"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(environment: dict[str, str], line: str) -> None:
    code, text, error = in_process("freshness", **environment)
    assert code == 1
    assert text == ""
    assert error.startswith(f"Error: {line}")
    assert error.count("\n") == 1


def test_rolling_back_what_was_never_published(tmp_path: Path) -> None:
    code, _, error = in_process("rollback", REPLINE_HOME=str(tmp_path))
    assert code == 1
    assert error == "Error: nothing is published yet, so there is nothing to go back to; run `repline refresh`\n"


def test_the_demo_never_writes_over_files_of_a_user(tmp_path: Path) -> None:
    users = tmp_path / "landing" / "users.csv"
    users.parent.mkdir()
    users.write_text("user_id,full_name\n1,Somebody\n", encoding="utf-8")
    code, _, error = in_process("demo", "--calls", "100", REPLINE_HOME=str(tmp_path))
    assert code == 1
    assert error.startswith("Error: ")
    assert str(users.parent) in error
    assert users.read_text(encoding="utf-8") == "user_id,full_name\n1,Somebody\n"
    assert [path.name for path in users.parent.iterdir()] == ["users.csv"]


def _share_parsed_states(home: Path) -> None:
    """The tests keep them in one place, which a process of its own does not know: parsing would take it 15 s."""
    shutil.copytree(PARSED, home / "dbt" / "parsed", dirs_exist_ok=True)


def test_bad_input_is_one_line_on_stderr_and_exit_code_1(refreshed: RefreshedHome, tmp_path: Path) -> None:
    """In a new data home, whose landing folder lacks a required file."""
    landing = tmp_path / "landing"
    shutil.copytree(refreshed.settings.landing, landing)
    [users] = landing.glob("users.*")
    users.unlink()
    _share_parsed_states(tmp_path / "home")
    done = repline("refresh", REPLINE_HOME=str(tmp_path / "home"), REPLINE_LANDING=str(landing))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"Error: {landing} has no file for the required entity users")
    [step] = done.stdout.splitlines()
    assert step.startswith("failed")
    assert step.endswith("Load what is new")
    settings = refreshed.settings.__class__(home=tmp_path / "home", landing=landing)
    with open_instance(settings) as instance:
        [run] = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.FAILURE
        # A bad file stays bad: it is not tried again within the run.
        assert "STEP_UP_FOR_RETRY" not in {
            log.dagster_event.event_type_value for log in instance.all_logs(run.run_id) if log.dagster_event
        }


@pytest.mark.slow
def test_refresh_with_nothing_new_says_so_and_needs_neither_dbt_nor_great_expectations(
    refreshed: RefreshedHome,
) -> None:
    """Importing the two takes longer than finding that nothing is new."""
    _share_parsed_states(refreshed.settings.home)
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print({'dbt', 'great_expectations'} & set(sys.modules)))\n"
        "from pipelines.cli import main\n"
        "main(['refresh'])\n"
    )
    environment = {**os.environ, **environment_of(refreshed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    step, last, imported = done.stdout.splitlines()
    assert step.startswith("done")
    assert last == "Nothing new; version 1 stands."
    assert imported == "set()"


def test_freshness_has_an_exit_code_for_on_call(refreshed: RefreshedHome) -> None:
    no_limits = dict.fromkeys(default_vars()["freshness_limit_hours"])
    limits = {"REPLINE_VARS": json.dumps({"freshness_limit_hours": {**no_limits, "calls": 72, "published": 26}})}
    code, text, _ = in_process("freshness", **environment_of(refreshed), **limits)
    assert code == 0, text
    later = {**environment_of(refreshed), **limits, "REPLINE_AS_OF": "2026-03-01T00:00:00Z"}
    code, text, _ = in_process("freshness", **later)
    assert code == 1
    assert "Late: calls, published." in text


def test_status_knows_the_run_and_the_version(refreshed: RefreshedHome) -> None:
    code, text, _ = in_process("status", **environment_of(refreshed))
    assert code == 0
    assert refreshed.outcome.run_id[:8] in text
    assert "Version 1" in text
