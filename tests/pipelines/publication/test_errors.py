"""What cannot be published: one clear line, and the last good version stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.publication import publish as publication
from pipelines.publication import versions
from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError
from pipelines.settings import Settings, SettingsError
from tests.pipelines.small_warehouse import AS_OF, hold, make_settings, make_warehouse, warehouse
from tests.processes import FORKS


def test_a_warehouse_locked_by_another_process_is_one_clear_line(settings: Settings) -> None:
    is_ready, may_end = FORKS.Event(), FORKS.Event()
    process = FORKS.Process(target=hold, args=(str(settings.warehouse), is_ready, may_end))
    process.start()
    try:
        assert is_ready.wait(60)
        with pytest.raises(PublicationError, match="is open for writing in another program") as caught:
            publish(settings, AS_OF, "inputs")
    finally:
        may_end.set()
        process.join()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.IOException)
    assert versions.published_version(settings) is None


def test_a_full_disk_leaves_the_last_version(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    good = publish(settings, AS_OF, "good")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publication, "_make_durable", fail)
    with pytest.raises(PublicationError, match="is full; free some space"):
        publish(settings, AS_OF, "new")
    assert versions.published_version(settings) == good
    assert [path.name for path in (settings.published / "versions").iterdir()] == ["000001"]


@pytest.mark.parametrize(
    ("change", "tables", "message"),
    [
        ("DROP SCHEMA marts CASCADE", None, "no tables in schema marts; run `repline refresh`"),
        ("SELECT 1", ["fct_call", "kpi_slippage"], "no table marts.kpi_slippage; run `repline refresh`"),
        ("CREATE TABLE marts.publication (a INTEGER)", None, "marts.publication must be renamed"),
    ],
)
def test_a_warehouse_without_the_marts_is_one_clear_line(
    settings: Settings, change: str, tables: list[str] | None, message: str
) -> None:
    with warehouse(settings) as connection:
        connection.execute(change)
    with pytest.raises(PublicationError, match=message):
        publish(settings, AS_OF, "inputs", tables)
    assert versions.published_version(settings) is None


def test_no_warehouse_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="there is no warehouse"):
        publish(make_settings(tmp_path), AS_OF, "inputs")


@pytest.mark.parametrize("keep", [0, 1, "five"])
def test_a_useless_keep_versions_is_refused_before_anything_is_written(tmp_path: Path, keep: object) -> None:
    settings = make_settings(tmp_path, keep_versions=keep)
    make_warehouse(settings)
    with pytest.raises(SettingsError, match="keep_versions"):
        publish(settings, AS_OF, "inputs")
    assert not settings.published.exists()
