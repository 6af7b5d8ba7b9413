"""Secrets in texts: found in whatever encoding a system sends them back, and nothing else is taken away."""

from __future__ import annotations

import html
import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from ingestion.masking import MASK, Secrets, secrets_in_url

# What tokens, passwords and keys are made of, with all that some encoding writes in another way.
ALPHABET = string.ascii_letters + string.digits + "-_.~+/=%&\"'\\<>#?@:;, éß😀"


def folded(text: str, chance: random.Random) -> str:
    return "".join(
        character + (chance.choice(("\n", "\r\n  ", "\n\t")) * (chance.random() < 0.2)) for character in text
    )


def lower_hex(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


ENCODINGS: dict[str, Callable[[str, random.Random], str]] = {
    "plain": lambda text, _: text,
    "URL": lambda text, _: quote(text, safe=""),
    "URL, every byte": lambda text, _: lower_hex(text),
    "form": lambda text, _: quote_plus(text),
    "URL twice": lambda text, _: quote(quote(text)),
    "JSON": lambda text, _: json.dumps(text)[1:-1],
    "JSON as it is": lambda text, _: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text, _: json.dumps(json.dumps(text))[1:-1],
    "HTML": lambda text, _: html.escape(text),
    "folded": folded,
    "other case": lambda text, chance: "".join(
        each.swapcase() if each.isascii() and chance.random() < 0.5 else each for each in text
    ),
    "JSON of a URL": lambda text, _: json.dumps(quote(text)),
    "folded URL": lambda text, chance: folded(quote(text, safe=""), chance),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_is_found_in_any_encoding(encoding: str) -> None:
    chance = random.Random(encoding)
    for _ in range(300):
        secret = "Zq" + "".join(chance.choices(ALPHABET, k=chance.randint(6, 60))) + "x7"
        written = ENCODINGS[encoding](secret, chance).strip('\\"')
        assert Secrets([secret]).masked(f"no: {written}!").rstrip("\r\n\t !") == f"no: {MASK}", (secret, written)


def test_texts_without_a_secret_stay_as_they_are() -> None:
    text = 'a 50 % off — {"message": "na\\u00efve \\n%41 &amp; so on", "file": "C:\\\\new"}'
    assert Secrets(["another-secret", ""]).masked(text) == text
    assert Secrets([]).masked(text) == text


def test_secrets_that_overlap_and_short_ones_are_taken_out_whole() -> None:
    assert Secrets(["password", "password+token"]).masked("is password+token or password") == f"is {MASK} or {MASK}"
    assert Secrets(["a1"]).masked("is a1") == f"is {MASK}"
    assert Secrets(["known"]).masked("known and told-later", "told-later") == f"{MASK} and {MASK}"


def test_the_secrets_of_a_url() -> None:
    assert secrets_in_url("https://api.example.com/v1?page=2&sslmode=require") == []
    assert secrets_in_url("https://me:p%40ss@api.example.com/v1") == ["p%40ss", "p@ss"]
    assert set(secrets_in_url("https://me:p@ss@api.example.com/v1?access_token=t0")) == {"p@ss", "t0"}
    odbc = "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7Bx%7D%3BUID%3Dme%3BPWD%3Dsecret"
    assert secrets_in_url(odbc) == ["secret"]


def test_no_secret_is_in_the_representation() -> None:
    assert "hunter22" not in repr(Secrets(["hunter22"]))
