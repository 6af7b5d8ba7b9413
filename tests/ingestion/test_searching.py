"""Files that hold somebody's name are found in every format that is read, and no others."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import duckdb

from ingestion.searching import files_with


def test_every_format_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user_id,full_name\nu1,Ada\n")
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "a.jsonl.gz").write_bytes(gzip.compress(b'{"user_id": "u1"}'))
    (tmp_path / "calls" / "b.csv").write_text("user_id\nu10\nx-u1\n")
    with zipfile.ZipFile(tmp_path / "people.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/sharedStrings.xml", "<si><t>u1</t></si>" * 100)
    duckdb.sql("SELECT 7 AS n, 'u1' AS user_id").write_parquet(str(tmp_path / "quotas.parquet"))
    duckdb.sql("SELECT 'u2' AS user_id").write_parquet(str(tmp_path / "goals.parquet"))
    (tmp_path / "broken.parquet").write_bytes(b"nothing that can be read")
    found = [path.relative_to(tmp_path).as_posix() for path in files_with(tmp_path, ["u1", "Ada Lovelace"])]
    assert found == ["broken.parquet", "calls/a.jsonl.gz", "people.xlsx", "quotas.parquet", "users.csv"]


def test_a_word_is_found_where_pieces_meet(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_bytes(b" " * ((1 << 20) - 6) + b"ADA lovelace" + b" " * 10)
    assert files_with(tmp_path, ["Ada Lovelace"]) == [tmp_path / "big.csv"]
    assert files_with(tmp_path, ["Ada Love"]) == files_with(tmp_path, []) == files_with(tmp_path / "none", ["x"]) == []
