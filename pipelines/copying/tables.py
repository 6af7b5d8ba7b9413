"""What a copy consists of: the tables of a published version, each with its keys and what it is told apart by.

Belongs here: reading that from the version and from dbt's manifest. Does not belong here: the database that it is
copied to (`pipelines.copying.copy`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingestion.text import literal
from pipelines.publication.content import SCHEMA, Form, Mart, forms_of, measure
from pipelines.publication.publish import RECORD_TABLES
from pipelines.publication.versions import DATABASE, PARQUET, Version


@dataclass(frozen=True)
class Key:
    """The columns that tell the rows of a table apart. `is_primary` where none of them is ever null."""

    columns: tuple[str, ...]
    is_primary: bool


@dataclass(frozen=True)
class CopyTable:
    """A table to be copied, from a Parquet file. `checksum` is that of `versions.PublishedTable`."""

    name: str
    file: Path
    form: Form
    row_count: int
    checksum: str
    key: Key | None

    @property
    def content(self) -> str:
        """Equal where the rows are."""
        return f"{self.row_count} {self.checksum}"

    @property
    def shape(self) -> str:
        """Equal where columns, comments and key are: then new rows can take the place of old ones."""
        key = (self.key.columns, self.key.is_primary) if self.key else None
        described = json.dumps([self.form.columns, sorted(self.form.comments.items()), key])
        return hashlib.sha256(described.encode()).hexdigest()


def tables_of(version: Version, keys: Mapping[str, Key]) -> list[CopyTable]:
    """All tables of the version, by name, those of the publication's own records too."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(version.path / DATABASE)} AS published (READ_ONLY)")
        forms = forms_of(connection, "published")
        marts = [Mart(table.name, forms[table.name], table.row_count, table.checksum) for table in version.tables]
        marts += measure(connection, "published", RECORD_TABLES)
    return [
        CopyTable(
            mart.name,
            version.path / PARQUET / f"{mart.name}.parquet",
            mart.form,
            mart.row_count,
            mart.checksum,
            _usable(keys.get(mart.name), mart.form),
        )
        for mart in sorted(marts, key=lambda mart: mart.name)
    ]


def keys_of(manifest: Mapping[str, Any]) -> dict[str, Key]:
    """The key of each mart, as the tests of the dbt project hold it to."""
    keys: dict[str, Key] = {}
    for test in manifest["nodes"].values():
        kind = (test.get("test_metadata") or {}).get("name")
        model = manifest["nodes"].get(test.get("attached_node") or "")
        if kind not in ("unique", "unique_combination") or model is None or model["schema"] != SCHEMA:
            continue
        columns = test["test_metadata"]["kwargs"].get("columns") or [test["column_name"]]
        required = {
            name
            for name, column in model["columns"].items()
            if any(constraint["type"] == "not_null" for constraint in column["constraints"])
        }
        key = Key(tuple(columns), required.issuperset(columns))
        # Of two, the shorter one: the first column alone tells the rows apart.
        if model["name"] not in keys or len(columns) < len(keys[model["name"]].columns):
            keys[model["name"]] = key
    return keys


def _usable(key: Key | None, form: Form) -> Key | None:
    """The key, unless the version is of a release that had not all of its columns yet."""
    return key if key and {name for name, _ in form.columns}.issuperset(key.columns) else None
