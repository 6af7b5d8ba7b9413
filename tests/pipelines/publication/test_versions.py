"""The versions that are kept, and the way back to one of them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.hiding import NOTES
from pipelines.publication import versions
from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError, rollback
from pipelines.settings import Settings
from tests.pipelines.publication.published import content, publish_many, read
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse, warehouse


def test_only_the_last_versions_are_kept(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, keep_versions=2)
    make_warehouse(settings)
    publish_many(settings, 4)
    assert versions.version_numbers(settings) == [3, 4]
    assert sorted(path.name for path in (settings.published / "versions").iterdir()) == ["000003", "000004"]


def test_the_current_version_is_never_pruned(settings: Settings) -> None:
    publish_many(settings, 4)
    rollback(settings, to=1)
    assert versions.prune(settings, keep=2) == [2]
    assert versions.version_numbers(settings) == [1, 3, 4]
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(1,)]


def test_versions_with_values_that_are_hidden_by_now_go_when_a_new_one_is_published(settings: Settings) -> None:
    publish_many(settings, 3)
    with warehouse(settings) as connection:
        connection.execute(f"CREATE TABLE {NOTES} (last_version BIGINT)")
        connection.execute(f"INSERT INTO {NOTES} VALUES (2), (3)")
        connection.execute("UPDATE marts.fct_call SET call_id = 'hidden' WHERE call_id = 'c1'")
    version = publish(settings, AS_OF, "hidden")
    assert versions.version_numbers(settings) == [4]
    # Not even in the room that replaced tables leave in a copied database.
    assert version.path.joinpath("repline.duckdb").read_bytes().count(b"c1") == 0


def test_rollback_goes_to_the_version_before_and_a_step_further_each_time(settings: Settings) -> None:
    publish_many(settings, 3)
    assert rollback(settings).number == 2
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(2,)]
    parquet = settings.published / "parquet" / "publication.parquet"
    assert read(settings, f"SELECT DISTINCT version FROM '{parquet}'") == [(2,)]
    assert rollback(settings).number == 1
    with pytest.raises(PublicationError, match="no version before 1 is kept; complete versions: 1, 2, 3"):
        rollback(settings)


def test_after_a_rollback_the_same_inputs_are_not_published_again_but_new_ones_are(
    settings: Settings,
) -> None:
    publish_many(settings, 3)
    rollback(settings)
    assert not versions.needs_publishing(settings, "inputs 2")
    assert versions.needs_publishing(settings, "fixed inputs")
    assert versions.version_numbers(settings) == [1, 2, 3]
    assert publish(settings, AS_OF, "fixed inputs").number == 4
    assert versions.current_number(settings) == 4
    assert not (settings.published / "rolled_back").is_symlink()
    assert rollback(settings).number == 3


def test_a_rollback_can_be_undone(settings: Settings) -> None:
    publish_many(settings, 3)
    rollback(settings, to=1)
    before = content(settings)
    assert rollback(settings, to=3).number == 3
    assert versions.current_number(settings) == 3
    assert before - content(settings) == {"rolled_back"}


def test_a_rollback_to_a_version_that_is_not_kept_is_refused(settings: Settings) -> None:
    with pytest.raises(PublicationError, match=r"nothing is published yet.*run `repline refresh`"):
        rollback(settings)
    publish_many(settings, 2)
    with pytest.raises(PublicationError, match="there is no complete version 7; complete versions: 1, 2"):
        rollback(settings, to=7)
    assert versions.current_number(settings) == 2


def test_a_damaged_version_is_told_in_one_line_and_replaced(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    record = version.path / "parquet" / "publication.parquet"
    record.unlink()
    with pytest.raises(PublicationError, match=r"version 1 cannot be read .*; `repline refresh` puts another one"):
        versions.published_version(settings)
    assert versions.needs_publishing(settings, "inputs")
    assert publish(settings, AS_OF, "inputs").number == 2


LOSSES = {
    "the links": ["current", "marts.duckdb", "repline.duckdb", "parquet"],
    "the link to the current version": ["current"],
    "the folder of the newest version": ["versions/000003"],
    "a part of the newest version": ["versions/000003/repline.duckdb"],
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("by", ["refresh", "rollback"])
def test_what_is_lost_of_the_published_folder_costs_no_complete_version(settings: Settings, loss: str, by: str) -> None:
    publish_many(settings, 3)
    for name in LOSSES[loss]:
        path = settings.published / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    complete = [1, 2, 3] if "link" in loss else [1, 2]
    if by == "refresh":
        versions.restore_current(settings)
        current = versions.current_number(settings)
    else:
        current = rollback(settings).number
    assert current == complete[-1]
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(current,)]
    assert versions.needs_publishing(settings, "inputs 2") is (complete == [1, 2])
    publish(settings, AS_OF, "inputs 4")
    assert set(complete) < set(versions.version_numbers(settings))


def test_without_any_complete_version_refresh_is_the_way_out(settings: Settings) -> None:
    publish(settings, AS_OF, "inputs")
    shutil.rmtree(settings.published / "versions" / "000001")
    with pytest.raises(PublicationError, match="run `repline refresh`"):
        rollback(settings)
    with pytest.raises(PublicationError, match="`repline refresh` puts another one in place"):
        versions.published_version(settings)
    versions.restore_current(settings)
    assert versions.needs_publishing(settings, "inputs")
    publish(settings, AS_OF, "inputs")
    assert read(settings, "SELECT count(*) FROM marts.fct_call") == [(3,)]


def test_a_rolled_back_version_does_not_come_back_with_the_links(settings: Settings) -> None:
    publish_many(settings, 3)
    rollback(settings)
    versions.restore_current(settings)
    assert versions.current_number(settings) == 2
    shutil.rmtree(settings.published / "versions" / "000002")
    versions.restore_current(settings)
    assert versions.current_number(settings) == 1


def test_a_backup_that_copied_the_links_targets_is_told(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    (settings.published / "current").unlink()
    shutil.copytree(version.path, settings.published / "current")
    with pytest.raises(PublicationError, match=r"current is a folder where a link has to be.*; move it away"):
        versions.restore_current(settings)


def test_the_published_folder_can_be_moved(settings: Settings, tmp_path: Path) -> None:
    publish(settings, AS_OF, "inputs")
    shutil.move(settings.home, tmp_path / "moved")
    moved = make_settings(tmp_path / "moved")
    assert read(moved, "SELECT count(*) FROM marts.fct_call") == [(3,)]


def test_after_a_rollback_only_new_inputs_are_published_not_a_new_day(settings: Settings) -> None:
    publish(settings, AS_OF, "good@2025-01-01")
    publish(settings, AS_OF, "bad@2025-01-02")
    assert versions.needs_publishing(settings, "bad@2025-01-03")
    versions.rollback(settings)
    assert not versions.needs_publishing(settings, "bad@2025-01-03")
    assert versions.needs_publishing(settings, "mended@2025-01-03")


def test_the_marts_of_a_past_moment_are_not_compared_with_later_ones(settings: Settings) -> None:
    publish(settings, AS_OF, "inputs")
    assert versions.published_row_counts(settings, before=AS_OF - timedelta(seconds=1)) == {}
