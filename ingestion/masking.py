"""Secrets in texts that are shown: found however a system wrote them, and replaced by ***.

Belongs here: what counts as the same secret. Does not belong here: which secrets there are; each source hands over
its own. What is cut has to be masked before: half a secret is found by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, unquote

MASK = "***"

# How URLs, JSON and HTML write a character; backslashes come in numbers where JSON is a text within JSON.
_ESCAPE = re.compile(
    rb"%(?P<percent>[0-9a-f]{2})"
    rb"|\\+u(?P<pair>d[89ab][0-9a-f]{2}\\+ud[c-f][0-9a-f]{2})"
    rb"|\\+u(?P<unicode>[0-9a-f]{4})"
    rb"|\\+x(?P<byte>[0-9a-f]{2})"
    rb"|\\+(?P<control>[nrtbf])"
    rb"|&#x(?P<hex>[0-9a-f]{1,6});"
    rb"|&#(?P<decimal>[0-9]{1,7});"
    rb"|&(?P<named>amp|lt|gt|quot|apos);",
    re.IGNORECASE,
)
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
# Where a text is folded spaces come in, within an escape too. A form writes them as `+`, a mail breaks lines by `=`.
_SPACE = re.compile(rb"[\s+=]+")
# What is left of the escapes of quotes, slashes and backslashes.
_BACKSLASH = re.compile(rb"\\+")
# An escape that was escaped again by the text around it, and again by the log of that.
_MOST_ESCAPED = 4
# What is left of a shorter secret without spaces would be found everywhere.
_SHORTEST = 4

_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|signature|credential", re.IGNORECASE)
_ODBC_SECRET = re.compile(r"(?:PWD|PASSWORD)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)", re.IGNORECASE)


class Secrets:
    """The secrets of one system. Their text is in no representation of this object."""

    def __init__(self, secrets: Iterable[str]) -> None:
        given = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        normal = {secret: _Normal(secret).data for secret in given}
        self._long = {data for data in normal.values() if len(data) >= _SHORTEST}
        self._short = [secret for secret, data in normal.items() if len(data) < _SHORTEST]

    def masked(self, text: str, *further: str) -> str:
        """The text without the secrets, and without those that are known only now (`further`).

        Found are secrets that were URL-encoded, escaped as in JSON or HTML, folded over lines, or whose case was
        changed, and any of these together.
        """
        others = Secrets(further) if any(further) else None
        normal = _Normal(text)
        spans = [span for secret in self._long | (others._long if others else set()) for span in normal.find(secret)]
        for start, end in _merged(spans):
            text = text[:start] + MASK + text[end:]
        for secret in [*self._short, *(others._short if others else [])]:
            text = text.replace(secret, MASK)
        return text


def secrets_in_url(url: str) -> list[str]:
    """What a URL should not tell: its password, as written and as meant, and parameters that are named like one."""
    # Not by urlsplit: it refuses some of the addresses that an error has to name, and its password ends before an @
    # that was not encoded.
    address, _, query = url.partition("://")[2].partition("?")
    password = re.split("[/#]", address, maxsplit=1)[0].rpartition("@")[0].partition(":")[2]
    found = [password, unquote(password)]
    for name, value in parse_qsl(query.partition("#")[0]):
        if _SECRET_NAME.search(name):
            found.append(value)
        found += _ODBC_SECRET.findall(value)
    return [each for each in found if each]


class _Normal:
    """A text without escapes, spaces and case, as UTF-8, and which characters each byte comes from."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        if len(self.data) == len(text):
            self._starts = list(range(len(text)))
        else:
            lengths = (len(character.encode("utf-8", "surrogatepass")) for character in text)
            self._starts = [at for at, length in enumerate(lengths) for _ in range(length)]
        self._ends = [start + 1 for start in self._starts]
        for _ in range(_MOST_ESCAPED):
            self._replace(_SPACE, lambda _: b"")
            if not self._replace(_ESCAPE, _plain):
                break
        self._replace(_BACKSLASH, lambda _: b"")
        self.data = self.data.lower()

    def find(self, secret: bytes) -> Iterable[tuple[int, int]]:
        """The characters of the original text, from and up to, in which the secret is written."""
        at = self.data.find(secret)
        while at >= 0:
            yield self._starts[at], self._ends[at + len(secret) - 1]
            at = self.data.find(secret, at + 1)

    def _replace(self, pattern: re.Pattern[bytes], plain_of: Callable[[re.Match[bytes]], bytes]) -> bool:
        data, starts, ends, done = bytearray(), list[int](), list[int](), 0
        for match in pattern.finditer(self.data):
            first, last = match.span()
            plain = plain_of(match)
            data += self.data[done:first] + plain
            starts += self._starts[done:first] + [self._starts[first]] * len(plain)
            ends += self._ends[done:first] + [self._ends[last - 1]] * len(plain)
            done = last
        if not done:
            return False
        self.data = bytes(data + self.data[done:])
        self._starts, self._ends = starts + self._starts[done:], ends + self._ends[done:]
        return True


def _plain(match: re.Match[bytes]) -> bytes:
    kind = match.lastgroup
    assert kind is not None
    written = match[kind]
    match kind:
        case "percent" | "byte":
            return bytes([int(written, 16)])
        case "pair":
            high, low = int(written[:4], 16), int(written[-4:], 16)
            return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).encode()
        case "unicode" | "hex" | "decimal":
            number = int(written, 10 if kind == "decimal" else 16)
            return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else b""
        case "named":
            return _NAMED[written.lower()]
        case _:
            return b" "


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, those that touch as one, from the last to the first."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged[::-1]
