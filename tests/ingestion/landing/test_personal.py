"""Personal columns of landing files: hashed or empty in the warehouse, and refused where they cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.personal import PersonalColumns
from tests.ingestion.landing.conftest import Landing

USERS = (
    "user_id,full_name,email,hired_on,phone\n"
    "u1,Ada Demo, Ada@Example.com,2025-01-01,+49 1\n"
    "u2,Bo Demo,ada@example.com,2025-02-01,+49 2\n"
    "u3,Cy Demo,,2025-02-30,+49 3\n"
)


def test_hashed_and_dropped_columns(landing: Landing, tmp_path: Path) -> None:
    landing.write("users.csv", USERS)
    hidden = {
        "landing__users.full_name": "hash",
        "landing__users.email": "hash",
        "landing__users.hired_on": "drop",
        "landing__users.phone": "drop",
    }
    landing.load(personal=PersonalColumns(hidden, "key"))
    email = hashlib.sha256(b"keyada@example.com").hexdigest()
    name = hashlib.sha256(b"keyada demo").hexdigest()
    found = landing.rows("SELECT user_id, full_name, email, hired_on, phone FROM raw.landing__users ORDER BY 1")
    assert found[0] == ("u1", name, email, None, None)
    assert [row[2] for row in found] == [email, email, None]
    written = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()).lower()
    assert b"ada@example.com" not in written
    assert b"ada demo" not in written


def test_lines_that_are_no_records_leave_no_text(landing: Landing, tmp_path: Path) -> None:
    landing.write(
        "users.csv",
        USERS.encode()
        + b'u4,Di Demo,di@example.com,,,more\nu5,Zo\xeb Demo,,,\nu6,"Ed Demo,,,\nu7,"Fayette" Demo,,,\nu8,Gil Demo\n',
    )
    landing.load(personal=PersonalColumns({"landing__users.full_name": "hash", "landing__users.email": "hash"}, "key"))
    bad = "SELECT line, value IS NULL FROM raw.quarantine ORDER BY 1"
    assert landing.rows(bad) == [(4, False), *((line, True) for line in range(5, 10))]
    written = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()).lower()
    assert not [
        name
        for name in (b"di demo", b"di@example", b"zo\xeb demo", b"ed demo", b"fayette", b"gil demo")
        if name in written
    ]


def test_another_treatment_reads_the_files_again(landing: Landing) -> None:
    landing.write("users.csv", USERS.replace("2025-02-30", "2025-02-20"))
    landing.load()
    assert landing.load(personal=PersonalColumns({"landing__users.email": "drop"})) == 1
    assert landing.rows("SELECT count(email), count(*) FROM raw.landing__users") == [(0, 3)]
    assert landing.load(personal=PersonalColumns({"landing__users.email": "drop"})) == 0
    assert landing.load() == 1
    assert landing.rows("SELECT count(email) FROM raw.landing__users") == [(2,)]


@pytest.mark.parametrize(
    ("column", "treatment", "message"),
    [
        ("user_id", "hash", "'landing__users.user_id', which is not there or has to stay"),
        ("full_name", "drop", "drops landing__users.full_name, which may not be empty; hash it"),
        ("hired_on", "hash", "hashes landing__users.hired_on, which is no free text; drop it"),
        ("emial", "drop", "names landing__users.emial, a column that no file of users has"),
    ],
)
def test_a_column_that_cannot_be_hidden_is_named(
    landing: Landing, failure: Callable[[BaseException], str], column: str, treatment: str, message: str
) -> None:
    with pytest.raises(Exception) as caught:
        landing.load(personal=PersonalColumns({f"landing__users.{column}": treatment}, "key"))
    assert message in failure(caught.value)
