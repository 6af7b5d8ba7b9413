"""A published version with pages, made once for all workers from the company that is refreshed once, too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.publication.publish import publish
from pipelines.publication.versions import Version, read_version
from pipelines.settings import Settings
from tests.pipelines.conftest import UNTIL, refreshed_company
from tests.prepared import prepared


@dataclass
class Published:
    """A data home with one version that has pages."""

    settings: Settings
    version: Version

    @property
    def site(self) -> Path:
        return self.version.site

    @property
    def pages(self) -> list[Path]:
        return sorted(self.site.glob("*.html"))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The home that all workers share. Only to be read."""

    def fill(folder: Path) -> None:
        company = refreshed_company(tmp_path_factory)
        shutil.copyfile(company / "home" / "warehouse.duckdb", folder / "warehouse.duckdb")
        with with_pages():
            warnings: list[str] = []
            publish(_settings(folder), UNTIL, "first", warn=warnings.append)
        assert not warnings

    settings = _settings(prepared(tmp_path_factory, "published_pages", fill))
    return Published(settings, read_version(settings, 1))


@pytest.fixture
def marts(published: Published) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts as schema `marts`, and the warehouse that they come from as `warehouse`."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{published.version.path / 'repline.duckdb'}' AS published (READ_ONLY)")
        connection.execute(f"ATTACH '{published.settings.warehouse}' AS warehouse (READ_ONLY)")
        connection.execute("USE published")
        yield connection


@contextmanager
def with_pages() -> Iterator[None]:
    """Where publications make pages, which other tests do without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.publication.publish.is_installed", lambda: True)
        yield


def _settings(home: Path) -> Settings:
    return Settings(home=home, landing=home / "landing", as_of=UNTIL)
