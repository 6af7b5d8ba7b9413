"""Publications that are killed, and what others leave in the folder: the last good version stands."""

from __future__ import annotations

import os

import pytest

from pipelines.publication import publish as publication
from pipelines.publication import versions
from pipelines.publication.publish import publish
from pipelines.publication.versions import rollback
from pipelines.settings import Settings
from tests.pipelines.publication.published import publish_many, read
from tests.pipelines.small_warehouse import AS_OF
from tests.processes import FORKS

pytestmark = pytest.mark.slow

# The moments between which a publication can be killed, by the call that it does not outlive.
STEPS = ["_write_table", "_audit", "_make_durable", "sync_folder", "release", "prune"]


def publish_and_die(settings: Settings, step: str) -> None:
    setattr(publication, step, lambda *_, **__: os._exit(9))
    publish(settings, AS_OF, "new")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_publication_killed_at_any_step_leaves_a_good_version_and_is_made_up_for(
    settings: Settings, step: str, is_first: bool
) -> None:
    if not is_first:
        publish(settings, AS_OF, "old")
    process = FORKS.Process(target=publish_and_die, args=(settings, step))
    process.start()
    process.join()
    assert process.exitcode == 9
    versions.restore_current(settings)
    seen = versions.published_version(settings)
    if step in ("release", "prune"):  # complete: all that is missing is the last step
        assert seen is not None and seen.fingerprint == "new"
        assert not versions.needs_publishing(settings, "new")
    else:
        assert (seen.fingerprint if seen else None) == (None if is_first else "old")
        assert versions.needs_publishing(settings, "new")
    version = publish(settings, AS_OF, "new")
    assert versions.versions(settings)[-1] == version == versions.published_version(settings)
    assert read(settings, "SELECT count(*) FROM marts.fct_call") == [(3,)]
    names = {path.name for path in settings.published.iterdir()}
    assert names == {"versions", "current", *versions.LINKS}
    kept = {path.name for path in (settings.published / "versions").iterdir()}
    assert kept == {f"{number:06d}" for number in range(1, version.number + 1)}


def test_what_an_earlier_process_left_is_cleared_away(settings: Settings) -> None:
    publish(settings, AS_OF, "old")
    folder = settings.published / "versions"
    for name in (".building-1", ".removed-000000", ".spill"):
        (folder / name / "parquet").mkdir(parents=True)
        (folder / name / "parquet" / "half.parquet").write_bytes(b"half")
    publish(settings, AS_OF, "new")
    assert sorted(path.name for path in folder.iterdir()) == ["000001", "000002"]


def test_what_others_leave_among_the_versions_stops_nothing_and_stays(settings: Settings) -> None:
    folder = settings.published / "versions"
    (folder / ".Trashes").mkdir(parents=True)
    strangers = [".DS_Store", ".nfs000000000000001", ".Trashes/kept", "3", "notes.txt", "²"]
    for name in strangers:
        (folder / name).write_bytes(b"not ours")
    publish_many(settings, 2)
    rollback(settings)
    assert versions.version_numbers(settings) == [1, 2]
    assert all((folder / name).exists() for name in strangers)
