"""The lines of texts: which are records, whatever DuckDB would say of them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ingestion.landing import lines
from ingestion.landing.lines import Layout, copy_sound, count_plain

TWO = Layout(",", ("id", "note"))
JSON = Layout()
QUOTE, FEW, MANY, ENCODING, SWALLOWS = "quote is opened", "fewer fields", "more fields", "not UTF-8", "goes over lines"


def read(path: Path, layout: Layout) -> tuple[int | None, list[bytes], list[tuple[int, str]]]:
    """The count of a plain text; then the sound records of any, in the order of lines, and the bad ones."""
    target = io.BytesIO()
    copied = copy_sound(path, layout, 0, target)
    rest, records = target.getvalue(), []
    while rest:
        _, line, rest = rest.split(layout.separator.encode(), 2)
        record, _, rest = rest.partition(b"\n0" + layout.separator.encode())
        rest = b"0" + layout.separator.encode() + rest if rest else b""
        records.append((int(line), record.removesuffix(b"\n") if not rest else record))
    assert copied.records == len(records)
    return (
        count_plain(path, layout),
        [record for _, record in sorted(records)],
        [*zip(copied.bad.lines, copied.bad.reasons, strict=True)],
    )


@pytest.mark.parametrize(
    ("text", "plain", "records", "bad"),
    [
        (b"id,note\n1,a\n2,b\n", 2, [b"1,a", b"2,b"], []),
        (b"id,note\r\n1,a\r\n2,b\r\n\r\n", 2, [b"1,a", b"2,b"], []),
        (b"id,note\n1,a\n2,b", 2, [b"1,a", b"2,b"], []),
        (b"id,note", 0, [], []),
        # The lines after a blank one have another number than their record: no plain text.
        (b"id,note\n1,a\n\n2,b\n", None, [b"1,a", b"2,b"], []),
        (b"id,note\r1,a\r2,b", None, [b"1,a", b"2,b"], []),
        (b"id,note\n1,a\r\n2,b\n", None, [b"1,a", b"2,b"], []),
        (b'id,note\n1,"a, ""b"""\n2,5" pipe\n3,\n', 3, [b'1,"a, ""b"""', b'2,5" pipe', b"3,"], []),
        # Quoted fields over several lines, also such that have a delimiter in them.
        (b'id,note\n1,"a\nb"\n2,c\n', None, [b'1,"a\nb"', b"2,c"], []),
        (
            b'id,note\n1,"12 Main St,\nSpringfield, IL\nUSA"\n2,c\n',
            None,
            [b'1,"12 Main St,\nSpringfield, IL\nUSA"', b"2,c"],
            [],
        ),
        # A stray quote: never closed, closed where nothing may follow, closed by a second one.
        (b'id,note\n"1,a\n2,b\n3,c\n', None, [b"2,b", b"3,c"], [(2, QUOTE)]),
        (b'id,note\n1,"a\n2,"b"\n3,c\n', None, [b'2,"b"', b"3,c"], [(2, QUOTE)]),
        (b'id,note\n1,"a\n2,b\n3,c"\n4,d\n', None, [b"4,d"], [(2, SWALLOWS), (3, SWALLOWS), (4, SWALLOWS)]),
        (b"id,note\n1\n2,b,c\n3,caf\xe9\n4,d\n", None, [b"4,d"], [(2, FEW), (3, MANY), (4, ENCODING)]),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 20])
def test_records_of_csv(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: bytes,
    plain: int | None,
    records: list[bytes],
    bad: list[tuple[int, str]],
    block_bytes: int,
) -> None:
    """Wherever the text is cut into blocks."""
    monkeypatch.setattr(lines, "_READ_BYTES", block_bytes)
    path = tmp_path / "x.csv"
    path.write_bytes(text)
    found_plain, found_records, found_bad = read(path, TWO)
    assert (found_plain, found_records) == (plain, records)
    assert [line for line, _ in found_bad] == [line for line, _ in bad]
    assert all(part in reason for (_, reason), (_, part) in zip(found_bad, bad, strict=True))


@pytest.mark.parametrize(
    ("text", "plain", "records", "bad"),
    [
        (b'{"a": 1}\r\n{broken\r\n', 2, [b'{"a": 1}', b"{broken"], []),
        (b'\xef\xbb\xbf{"a": 1}\n \n[2]', None, [b'{"a": 1}', b"[2]"], []),
        (b'{"a": 1}\r{"a": "caf\xe9"}\r{"a": "\x1f"}\r', None, [b'{"a": 1}'], [2, 3]),
    ],
)
def test_records_of_json(tmp_path: Path, text: bytes, plain: int | None, records: list[bytes], bad: list[int]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(text)
    found_plain, found_records, found_bad = read(path, JSON)
    assert (found_plain, found_records, [line for line, _ in found_bad]) == (plain, records, bad)


def test_a_line_that_is_too_long_is_bad_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,note\n1,a\n2," + b"x" * 5_000_000 + b"\n3,c\n")
    assert read(path, TWO) == (None, [b"1,a", b"3,c"], [(3, "longer than 2,000,000 bytes")])


def test_more_columns_than_one_pattern_takes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    wide = Layout(",", tuple(f"c{number}" for number in range(1500)))
    path.write_text(",".join(wide.columns) + "\n" + "a," * 1499 + '"b\nc"\n' + "a," * 1498 + "b\n")
    _, records, bad = read(path, wide)
    assert (len(records), [line for line, _ in bad]) == (1, [4])
