"""Raw tables in the lake: what the warehouse shows of load packages is what merged loads would have left.

Belongs here: loads and moves. Does not belong here: what Spark makes of the packages (`tests/spark`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fsspec import filesystem

from ingestion import moving
from ingestion.api.options import SourceOptions
from ingestion.api.tables import LOADED_AT
from ingestion.forgetting import Home, Kind, forget, forget_again
from ingestion.hiding import hide_former_loads
from ingestion.keys import raw_keys
from ingestion.lake import Key, Lake, LakeError, folder_at, shown
from ingestion.landing import landing_source
from ingestion.moving import settle
from ingestion.personal import HASH, PersonalColumns
from ingestion.planning import stored_state
from ingestion.warehouse import raw_pipeline
from tests.ingestion.api.conftest import DEALS, NOTES, OWNERS, MadeUpSystem, deal, made_up_source, system
from tests.ingestion.landing.conftest import small_company

__all__ = ["system"]

MADE_UP_KEYS = {table.raw_name: Key(table.key, table.cursor or LOADED_AT) for table in (DEALS, NOTES, OWNERS)}
# When something was loaded differs, and what dlt itself notes.
NOT_COMPARED = {"loaded_at", "quarantined_at", LOADED_AT}
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class DataHome:
    """Where loads go: into the warehouse, or with `is_in_lake` into the lake."""

    folder: Path
    is_in_lake: bool = True
    bucket: str = ""

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def lake(self) -> Lake:
        return Lake(folder_at(self.bucket or str(self.folder / "lake")), {**raw_keys(), **MADE_UP_KEYS})

    def load(self, name: str, source: Any) -> int:
        """Load as the orchestrator does, and return the number of load packages."""
        self.settle()
        lake = self.lake if self.is_in_lake else None
        pipeline = raw_pipeline(name, self.warehouse, self.folder / "dlt", lake)
        pipeline.drop()
        with duckdb.connect(str(self.warehouse)) as connection, shown(connection, lake):
            info = pipeline.run(source)
        return len(info.loads_ids)

    def load_files(self, personal: PersonalColumns | None = None) -> int:
        return self.load("landing", landing_source(self.folder.parent / "landing", personal=personal))

    def settle(self) -> None:
        settle(self.warehouse, self.folder / "dlt", self.lake, self.is_in_lake)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(query).fetchall()

    def raw(self) -> Rows:
        """The rows of each raw table of a source."""
        query = (
            "SELECT table_name, string_agg(concat('\"', column_name, '\"'), ', ' ORDER BY column_name)"
            " FROM duckdb_columns() WHERE schema_name = 'raw' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\'"
            f" AND column_name NOT IN ({', '.join(map(repr, NOT_COMPARED))}) GROUP BY ALL"
        )
        with duckdb.connect(str(self.warehouse)) as connection:
            return {
                table: connection.execute(f"SELECT {columns} FROM raw.{table} ORDER BY ALL").fetchall()
                for table, columns in connection.execute(query).fetchall()
            }

    def kinds(self) -> set[str]:
        """Whether raw tables are tables or views."""
        query = "SELECT DISTINCT table_type FROM information_schema.tables WHERE table_schema = 'raw'"
        return {kind for (kind,) in self.rows(f"{query} AND starts_with(table_name, 'landing__')")}

    def state(self) -> Any:
        with duckdb.connect(str(self.warehouse)) as connection:
            return stored_state(connection, "landing")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A landing folder with the required entities."""
    return small_company(tmp_path).folder


@pytest.fixture
def home(tmp_path: Path, folder: Path) -> DataHome:
    return DataHome(tmp_path / "home")


@pytest.fixture(scope="module")
def loaded_homes(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The folder with a home into which it was loaded, by whether that is in the lake. Only to be copied."""
    folders = {is_in_lake: tmp_path_factory.mktemp("home") for is_in_lake in (False, True)}
    for is_in_lake, folder in folders.items():
        small_company(folder)
        DataHome(folder / "home", is_in_lake).load_files()
    return folders


@pytest.fixture
def loaded(loaded_homes: dict[bool, Path], tmp_path: Path) -> Callable[[bool], DataHome]:
    """The same, loaded into the lake or not."""

    def copied(is_in_lake: bool) -> DataHome:
        there = DataHome(tmp_path / ("in_lake" if is_in_lake else "home"), is_in_lake)
        shutil.copytree(loaded_homes[is_in_lake] / "landing", tmp_path / "landing", dirs_exist_ok=True)
        shutil.copytree(loaded_homes[is_in_lake] / "home", there.folder)
        if is_in_lake:
            # A view names its files by their whole path.
            with duckdb.connect(str(there.warehouse)) as connection, shown(connection, there.lake):
                pass
        return there

    return copied


def append(file: Path, *lines: str) -> None:
    file.write_text(file.read_text() + "".join(f"{line}\n" for line in lines))


def test_files_leave_the_same_rows_as_in_the_warehouse(
    loaded: Callable[[bool], DataHome], caplog: pytest.LogCaptureFixture
) -> None:
    other, home = loaded(False), loaded(True)
    folder = home.folder.parent / "landing"
    assert home.raw() == other.raw()
    # A row that is newer, one that is older than what was loaded, and one that cannot be read.
    append(
        folder / "opportunities.csv",
        "o1,u1,Won,7,2025-01-02T10:00:00Z,2025-03-01,2025-04-01T10:00:00Z,false",
        "o2,u2,Lost,9,2025-01-02T10:00:00Z,2025-03-01,2025-01-01T10:00:00Z,false",
        "o3,u2,Won,much,2025-01-02T10:00:00Z,2025-03-01,2025-01-01T10:00:00Z,false",
    )
    # A column of the user's own, and a file that is gone.
    (folder / "users.csv").unlink()
    (folder / "users").mkdir()
    (folder / "users" / "more.csv").write_text("user_id,full_name,shoe_size\nu2,Bo Other,44\n")
    assert home.load_files() == other.load_files() == 1
    assert home.raw() == other.raw()
    assert home.load_files() == 0
    assert home.kinds() == {"VIEW"}
    assert home.rows("SELECT stage FROM raw.landing__opportunities WHERE opportunity_id = 'o1'") == [("Won",)]
    # Packages are only added, and named by their load.
    assert len(list((home.lake.raw / "landing__users").glob("*.parquet"))) == 2
    # Not that files are appended.
    assert [record.message for record in caplog.records if record.name == "dlt"] == []


def test_an_api_leaves_the_same_rows_as_in_the_warehouse(home: DataHome, system: MadeUpSystem) -> None:
    other = DataHome(home.folder.with_name("other"), is_in_lake=False)

    def change_records() -> None:
        system.deals[3] = deal(3, 100, name="Renamed", email="a@b.c")
        system.owners.pop()
        # Comes twice in one load: it changed while its pages were read.
        system.deals.append(deal(3, 101, name="Renamed again"))

    for change in (lambda: None, change_records, lambda: system.deals.pop(3)):
        change()
        loads = [each.load("made_up", made_up_source(system.url, SourceOptions())) for each in (home, other)]
        assert loads[0] == loads[1]
        assert home.raw() == other.raw()
    assert home.rows("SELECT name FROM raw.made_up__deals WHERE deal_id = '3'") == [("Renamed again",)]
    assert home.rows("SELECT count(*) FROM raw.made_up__owners WHERE _is_gone") == [(1,)]


def test_what_a_killed_load_left_counts_for_nothing(loaded: Callable[[bool], DataHome]) -> None:
    home = loaded(True)
    before = home.raw()
    cut_short = home.lake.raw / "landing__users" / "9999999999.5-abc.parquet"
    cut_short.write_bytes(b"PAR1")
    assert home.raw() == before
    home.lake.sweep()
    assert not cut_short.exists()
    # dlt notes the state first, and then the load: one that is killed in between is not brought again.
    for file in (home.lake.raw / "_dlt_loads").iterdir():
        file.unlink()
    home.lake.sweep()
    assert home.raw() == before


def test_a_home_moves_there_and_back(home: DataHome, folder: Path) -> None:
    home.is_in_lake = False
    home.load_files()
    before, state = home.raw(), home.state()
    for is_in_lake, kind in ((True, "VIEW"), (False, "BASE TABLE")):
        home.is_in_lake = is_in_lake
        home.settle()
        assert (home.raw(), home.kinds(), home.state()) == (before, {kind}, state)
        assert home.lake.raw.is_dir() == is_in_lake
        assert home.load_files() == 0
    append(folder / "users.csv", "u1,Ada Other")
    assert home.load_files() == 1
    assert home.rows("SELECT full_name FROM raw.landing__users WHERE user_id = 'u1'") == [("Ada Other",)]


def test_a_bucket_is_a_lake_as_well(home: DataHome, folder: Path) -> None:
    home.bucket = "memory://sales/repline"
    home.folder.mkdir()
    # DuckDB has extensions for buckets, and none for this one; all connections to a file share what one was told.
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.register_filesystem(filesystem("memory"))
        home.load_files()
        before, state = home.raw(), home.state()
        for is_in_lake in (False, True):
            home.is_in_lake = is_in_lake
            home.settle()
            assert (home.raw(), home.state()) == (before, state)
        cut_short = home.lake.raw / "landing__users" / "9999999999.5-abc.parquet"
        cut_short.write_bytes(b"PAR1")
        append(folder / "users.csv", "u1,Ada Other")
        home.load_files()
        assert not cut_short.exists()
        assert ("Ada Other",) in home.rows("SELECT full_name FROM raw.landing__users WHERE user_id = 'u1'")


@pytest.mark.parametrize("is_in_lake", [False, True])
def test_the_lake_of_another_home_is_left_alone(is_in_lake: bool, loaded: Callable[[bool], DataHome]) -> None:
    home = loaded(True)
    packages = sorted(home.lake.raw.rglob("*"))
    second = DataHome(home.folder.with_name("second"), is_in_lake=False)
    second.bucket = str(home.lake.folder)
    second.load_files()
    before = second.raw()
    second.is_in_lake = is_in_lake
    if is_in_lake:
        with pytest.raises(LakeError, match=r"lake is the lake of another data home; set `lake` to a place of its own"):
            second.settle()
        assert second.raw() == before
    else:
        second.settle()
        assert second.raw() == before
        forget(Home(second.warehouse, second.folder / "dlt", [], lake=second.lake), Kind.USER, "u1")
    assert sorted(home.lake.raw.rglob("*")) == packages
    home.settle()


def test_a_new_warehouse_takes_the_lake_only_when_told(loaded: Callable[[bool], DataHome]) -> None:
    home = loaded(True)
    before = home.raw()
    home.warehouse.unlink()
    with pytest.raises(LakeError, match=r"remove .*_home$"):
        home.load_files()
    (home.lake.folder / "_home").unlink()
    home.load_files()
    assert home.raw() == before


def test_a_folder_with_other_files_is_no_lake(home: DataHome) -> None:
    home.lake.folder.mkdir(parents=True)
    (home.lake.folder / "holiday.jpg").touch()
    with pytest.raises(LakeError, match="holds other files"):
        home.load_files()


class Killed(BaseException):
    pass


@pytest.mark.parametrize(
    ("step", "goes_to_lake"),
    [("show", True), ("_carry_state", False), ("remove_raw", False)],
)
def test_a_move_that_is_killed_goes_on(
    step: str, goes_to_lake: bool, loaded: Callable[[bool], DataHome], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = loaded(not goes_to_lake)
    before, state = home.raw(), home.state()
    place: Any = moving if step == "_carry_state" else Lake
    done: Callable[..., Any] = getattr(place, step)

    def killed(*arguments: Any) -> None:
        done(*arguments)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(place, step, killed)
        home.is_in_lake = goes_to_lake
        home.settle()
    assert home.raw() == before
    home.settle()
    assert (home.raw(), home.state()) == (before, state)
    assert home.kinds() == {"VIEW" if goes_to_lake else "BASE TABLE"}


def test_what_is_forgotten_leaves_the_packages(loaded: Callable[[bool], DataHome], folder: Path) -> None:
    home = loaded(True)
    there = Home(home.warehouse, home.folder / "dlt", ["marts"], lake=home.lake)
    built = home.lake.folder / "marts" / "dim_rep"
    built.mkdir(parents=True)
    forget(there, Kind.USER, "u1")
    assert not built.exists()
    assert home.kinds() == {"VIEW"}
    packages = f"SELECT full_name FROM '{home.lake.raw}/landing__users/*.parquet'"
    assert ("Ada Demo",) not in home.rows(packages)
    # Nothing new came, so nobody can have come again.
    assert forget_again(there) == ()
    append(folder / "users.csv", "u3,Cy Demo")
    home.load_files()
    assert ("Ada Demo",) in home.rows(packages)
    assert forget_again(there) != ()
    assert ("Ada Demo",) not in home.rows(packages)
    assert home.rows("SELECT count(*) FROM raw.landing__users") == [(3,)]
    assert home.load_files() == 0


def test_what_is_hidden_later_leaves_the_packages(loaded: Callable[[bool], DataHome]) -> None:
    home = loaded(True)
    for hidden in (2, 0):
        assert hidden == hide_former_loads(
            home.warehouse,
            home.folder / "dlt",
            PersonalColumns({}, "a key"),
            {"landing__users": {"full_name": HASH}},
            ["marts"],
            version=0,
            lake=home.lake,
        )
        packages = f"SELECT length(full_name) FROM '{home.lake.raw}/landing__users/*.parquet'"
        assert home.rows(packages) == [(64,), (64,)]


def test_a_column_that_is_new_in_the_contract_comes_to_what_was_loaded(loaded: Callable[[bool], DataHome]) -> None:
    home = loaded(False)
    before = home.raw()
    # As an earlier release would have packed it.
    home.rows("ALTER TABLE raw.landing__users DROP COLUMN manager_id")
    moving.to_lake(home.warehouse, home.folder / "dlt", home.lake)
    assert "manager_id" not in str(home.rows("DESCRIBE raw.landing__users"))
    home.is_in_lake = True
    home.settle()
    assert (home.raw(), home.kinds()) == (before, {"VIEW"})
    home.load_files()
    assert home.raw() == before
