"""What an error of a database tells of its credentials: nothing. Needs no server."""

from __future__ import annotations

import pytest

from ingestion.database.tables import Database, DatabaseError


def test_a_password_with_an_at_sign_that_is_not_encoded_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """URLs are read up to the first @: the rest of the password would pass for the host."""
    monkeypatch.setenv("SOURCES__DATABASE__CREDENTIALS", "postgresql://me:hunter@twotwo@127.0.0.1:5432/crm")
    with pytest.raises(DatabaseError) as caught:
        Database()
    assert "write it as %40" in str(caught.value)
    assert "twotwo" not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "login of me failed: hunter@22",
        "connection string postgresql://me:HUNTER%4022@db/crm is refused",
        "password is 'hunt\ner@22'\nand more",
        '{"pwd": "hunter\\u004022"}',
    ],
)
def test_what_a_driver_says_is_masked_before_it_is_cut(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SOURCES__DATABASE__CREDENTIALS", "postgresql://me:hunter%4022@127.0.0.1:5432/crm")
    database = Database()
    with pytest.raises(DatabaseError) as caught, database._errors("connecting"):
        raise OSError(said)
    text = str(caught.value)
    assert text.startswith("127.0.0.1/crm: connecting failed (")
    assert "***" in text
    assert "hunt" not in text.lower()
