"""`repline refresh --plan`: what would be read of all sources, and nothing is."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from pipelines.cli import main


def test_the_plan_of_a_new_home_loads_nothing(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    for name in ("users", "pipeline_stages", "opportunities"):
        (landing / f"{name}.csv").write_text("x\n", encoding="utf-8")
    environment = {
        "REPLINE_HOME": str(tmp_path / "home"),
        "REPLINE_LANDING": str(landing),
        "REPLINE_VARS": json.dumps({"sources": ["landing", "gong", "hubspot"], "landed_by": {"hubspot": "airbyte"}}),
        "SOURCES__GONG__ACCESS_KEY": "key",
        "SOURCES__GONG__ACCESS_KEY_SECRET": "secret",
    }
    done = CliRunner().invoke(main, ["refresh", "--plan"], env=environment)
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["landing", "users", "new", "1", "file,", "2", "bytes:", "users.csv"] in lines
    assert ["gong", "calls", "all", "from", "its", "beginning"] in lines
    assert lines[-1][:3] == ["hubspot", "schema", "hubspot"]
    assert not (tmp_path / "home").exists()
