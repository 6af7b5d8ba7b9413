"""The lines of a text file as bytes: which of them are records, counted without DuckDB, and a copy of the sound ones.

Belongs here: what has to hold of any bytes: line ends, quotes, UTF-8, the number of fields. Does not belong here: names
and values of fields (`ingestion.landing.reading`).

DuckDB reads a text as it is only where each line after the header is a sound record by itself. Its own recovery from a
stray quote or a long line passes over lines without a word; so all other texts are copied without what is broken, and
what DuckDB finds is compared with what was counted here.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.landing.errors import LandingError

_READ_BYTES = 1 << 20
# The longest record that is read, in bytes: of CSV the most that DuckDB takes, of JSON its own default.
LONGEST_CSV_BYTES = 2_000_000
LONGEST_JSON_BYTES = 16_777_216
_VALUE_BYTES = 200
# RE2 repeats nothing more than a thousand times.
_MOST_FIELDS_BY_PATTERN = 900
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# No JSON text holds this character, so it separates a line's number from the line in a copy.
JSON_SEPARATOR = "\x1f"

_QUOTE = "a quote is opened and never closed, or text follows a closing quote"
_SWALLOWS = "a quoted field goes over lines that are records themselves; a quote was probably opened by mistake"
_TOO_FEW = "the line has fewer fields than the header"
_TOO_MANY = "the line has more fields than the header"
_ENCODING = "not UTF-8 text (Latin-1?); save the file as UTF-8"
NOT_JSON = "not a JSON object in UTF-8"


@dataclass(frozen=True)
class Layout:
    """How records stand in a text: below a header, `columns` with a delimiter in between, or as JSON in each line."""

    delimiter: str = ""
    columns: tuple[str, ...] = ()

    @property
    def is_csv(self) -> bool:
        return bool(self.delimiter)

    @property
    def longest_bytes(self) -> int:
        return LONGEST_CSV_BYTES if self.is_csv else LONGEST_JSON_BYTES

    @property
    def separator(self) -> str:
        """What stands behind the numbers in a copy."""
        return self.delimiter or JSON_SEPARATOR

    @cached_property
    def plain_line(self) -> str | None:
        """RE2 of a line that is a sound record by itself; None where each has to be looked at."""
        if not self.is_csv:
            return r"\S"
        if len(self.columns) > _MOST_FIELDS_BY_PATTERN:
            return None
        sign = re.escape(self.delimiter)
        text = rf'"(?:[^"]|"")*"|[^"{sign}][^{sign}]*'
        # Of a single column, an empty line is no record.
        return rf"^(?:{text})$" if len(self.columns) == 1 else rf"^(?:{text}|)(?:{sign}(?:{text}|)){{{self._more}}}$"

    @cached_property
    def record(self) -> re.Pattern[bytes]:
        """As many fields as the header has, quoted ones over any number of lines."""
        return re.compile(self._fields(f"{{{self._more}}}"))

    @cached_property
    def any_record(self) -> re.Pattern[bytes]:
        return re.compile(self._fields("*+"))

    @cached_property
    def field(self) -> re.Pattern[bytes]:
        sign = re.escape(self.delimiter)
        return re.compile(rf'"[^"]*+(?:""[^"]*+)*+"|[^"{sign}\n][^{sign}\n]*+|'.encode())

    @property
    def _more(self) -> int:
        return len(self.columns) - 1

    def _fields(self, times: str) -> bytes:
        one = b"(?:" + self.field.pattern + b")"
        return one + b"(?:" + re.escape(self.delimiter).encode() + one + b")" + times.encode()


@dataclass
class BadLines:
    """The records that have no fields at all: their lines, and what is wrong with them."""

    lines: list[int] = field(default_factory=list)
    columns: list[str | None] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, line: int, column: str | None, value: bytes, reason: str) -> None:
        self.lines.append(line)
        self.columns.append(column)
        self.values.append(value[:_VALUE_BYTES].decode("utf-8", "replace"))
        self.reasons.append(reason)


@dataclass
class Copied:
    """What was copied of a text: how many sound records, and the broken ones."""

    records: int
    bad: BadLines


def first_line(path: Path) -> bytes:
    """The first line of a text file, compressed or not, without its end."""
    with _opened(path) as stream:
        for block, _ in _blocks(stream, LONGEST_CSV_BYTES):
            return block.partition(b"\n")[0]
    return b""


def count_plain(path: Path, layout: Layout) -> int | None:
    """The records of a text of which each line after the header is a sound one; None of any other text.

    Raises LandingError where a compressed file is cut off: DuckDB reads it up to the cut without a word.
    """
    with _opened(path) as stream:
        walk = _Walk(layout)
        ends: set[str] = set()
        records = 0
        has_blank = False
        for block, end in _blocks(stream, layout.longest_bytes):
            ends.add(end)
            if not layout.is_csv and block.startswith(_BYTE_ORDER_MARK):
                return None
            for part in walk.take(block):
                is_plain = not (part.bad.lines or part.joined or part.has_blank_before_record)
                if not is_plain or len(ends - {""}) > 1 or (has_blank and part.count):
                    return None
                records += part.count
                has_blank = has_blank or part.blank_lines > 0
        if walk.is_open or "mixed" in ends or (has_blank and len(layout.columns) == 1):
            return None
    return records


def copy_sound(path: Path, layout: Layout, file_number: int, target: IO[bytes]) -> Copied:
    """Append the sound records to `target`, each with the file's number and that of its first line before it.

    A line that is no sound record is bad, and reading goes on with the next one. Line ends become `\\n`.
    """
    copied = Copied(0, BadLines())
    separator = layout.separator.encode()
    prefix = str(file_number).encode()
    with _opened(path) as stream:
        walk = _Walk(layout)
        for block, _ in _blocks(stream, layout.longest_bytes):
            for part in walk.take(block):
                _write(part, prefix, separator, target, copied)
        for part in walk.finish():
            _write(part, prefix, separator, target, copied)
    return copied


def _write(part: _Part, prefix: bytes, separator: bytes, target: IO[bytes], copied: Copied) -> None:
    if len(part.lines):
        numbered = pc.binary_join_element_wise(pa.scalar(prefix), part.numbers(), part.lines, pa.scalar(separator))
        text = pc.binary_join_element_wise(numbered, pa.scalar(b""), pa.scalar(b"\n"))
        target.write(text.buffers()[2][: pc.sum(pc.binary_length(text)).as_py()])
    for line, record in part.joined:
        target.write(b"%b%b%d%b%b\n" % (prefix, separator, line, separator, record))
    copied.records += part.count
    for name in ("lines", "columns", "values", "reasons"):
        getattr(copied.bad, name).extend(getattr(part.bad, name))


@dataclass
class _Part:
    """What a block of lines holds: `lines` that are records by themselves, `joined` records of several, bad ones.

    `is_sound` says which of the lines, from the number `first` on, are in `lines`.
    """

    first: int
    lines: pa.Array
    is_sound: pa.Array
    joined: list[tuple[int, bytes]] = field(default_factory=list)
    bad: BadLines = field(default_factory=BadLines)
    blank_lines: int = 0
    # A blank line before a record moves the numbers of the lines after it.
    has_blank_before_record: bool = False

    @property
    def count(self) -> int:
        return len(self.lines) + len(self.joined)

    def numbers(self) -> pa.Array:
        """The numbers of `lines`, as text."""
        all_numbers = pa.array(range(self.first, self.first + len(self.is_sound)), pa.int64())
        return all_numbers.filter(self.is_sound).cast(pa.string()).cast(pa.binary())


class _Walk:
    """Goes through the lines of a text, block after block, and tells records from what is none."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._has_header = layout.is_csv
        self._next_line = 1
        # A record that goes on in the next block.
        self._open = b""

    @property
    def is_open(self) -> bool:
        return bool(self._open)

    def take(self, block: bytes) -> Iterator[_Part]:
        """What the next lines hold."""
        if self._next_line == 1 and block.startswith(_BYTE_ORDER_MARK):
            block = block[len(_BYTE_ORDER_MARK) :]
        if self._has_header:
            self._has_header = False
            self._next_line = 2
            _, newline, block = block.partition(b"\n")
            if not newline:
                return
        yield self._judge(self._open + b"\n" + block if self._open else block, is_last=False)

    def finish(self) -> Iterator[_Part]:
        """What is left when the text has ended."""
        while self._open:
            yield self._judge(self._open, is_last=True)

    def _judge(self, block: bytes, is_last: bool) -> _Part:
        first = self._next_line
        self._open = b""
        lines = pa.array(block.split(b"\n"), pa.binary())
        part = _Part(first, lines, self._sound(block, lines))
        if not pc.all(part.is_sound).as_py():
            self._look_closer(block, part, is_last)
        self._next_line = first + len(part.is_sound)
        return part

    def _look_closer(self, block: bytes, part: _Part, is_last: bool) -> None:
        """Sort the lines of a block that are no plain ones; leave a record open that goes on behind it."""
        lines, first = part.lines, part.first
        ends = pc.cumulative_sum(pc.add(pc.binary_length(lines), 1))
        joined_lines: list[int] = []
        first_blank: int | None = None
        done = -1
        for index in pc.indices_nonzero(pc.invert(part.is_sound)).to_pylist():
            if index <= done:
                continue
            line = lines[index].as_py()
            if not (line if self._layout.is_csv else line.strip()):
                first_blank = index if first_blank is None else first_blank
                part.blank_lines += 1
                continue
            start = ends[index - 1].as_py() if index else 0
            found = self._look_at(block, start, line, is_last)
            if found is None:
                self._open = block[start:]
                lines, part.is_sound = lines[:index], part.is_sound[:index]
                break
            record, column, reason = found
            count = record.count(b"\n") + 1
            done = index + count - 1
            joined_lines += range(index + 1, index + count)
            if not reason:
                part.joined.append((first + index, record))
            else:
                for offset, bad_line in enumerate(record.split(b"\n")):
                    part.bad.add(first + index + offset, column, bad_line, reason)
        if joined_lines:
            is_joined = pc.is_in(pa.array(range(len(lines)), pa.int64()), pa.array(joined_lines, pa.int64()))
            part.is_sound = pc.and_not(part.is_sound, is_joined)
        part.lines = lines.filter(part.is_sound)
        part.has_blank_before_record = first_blank is not None and first_blank + part.blank_lines < len(lines)

    def _sound(self, block: bytes, lines: pa.Array) -> pa.Array:
        """Which lines are sound records by themselves."""
        layout = self._layout
        lengths = pc.binary_length(lines)
        is_sound = pc.and_(pc.greater(lengths, 0), pc.less_equal(lengths, layout.longest_bytes))
        if layout.plain_line is None:
            return pc.and_(is_sound, False)
        is_sound = pc.and_(is_sound, pc.match_substring_regex(lines, layout.plain_line))
        if not layout.is_csv and JSON_SEPARATOR.encode() in block:
            is_sound = pc.and_not(is_sound, pc.match_substring(lines, JSON_SEPARATOR))
        if not _is_utf_8(block):
            is_ascii = pc.invert(pc.match_substring_regex(lines, r"[\x80-\xff]"))
            is_text = [
                ascii or _is_utf_8(line.as_py()) for ascii, line in zip(is_ascii.to_pylist(), lines, strict=True)
            ]
            is_sound = pc.and_(is_sound, pa.array(is_text, pa.bool_()))
        return is_sound

    def _look_at(self, block: bytes, start: int, line: bytes, is_last: bool) -> tuple[bytes, str | None, str] | None:
        """A record that is no plain line: its bytes, and the column and reason where it is bad; None if it goes on."""
        layout = self._layout
        if len(line) > layout.longest_bytes:
            return line, None, f"longer than {layout.longest_bytes:,} bytes"
        if not layout.is_csv:
            return line, None, NOT_JSON
        end = min(len(block), start + layout.longest_bytes)
        if b'"' in line and (match := layout.record.match(block, start, end)) and _is_end(block, match.end()):
            record = match.group()
            if not _is_utf_8(record):
                return line, self._column_of(line), _ENCODING
            if b"\n" in record and self._swallows(record):
                return record, None, _SWALLOWS
            return record, None, ""
        if not _is_utf_8(line):
            return line, self._column_of(line), _ENCODING
        match = layout.any_record.match(block, start, end)
        assert match
        if _is_end(block, match.end()) and b"\n" not in match.group():
            return line, None, _TOO_FEW if self._fields_of(line) < len(layout.columns) else _TOO_MANY
        if not is_last and end == len(block) and _OPEN_QUOTE.match(block, match.end()):
            return None
        return line, None, _QUOTE

    def _fields_of(self, line: bytes) -> int:
        count, at = 1, 0
        while (match := self._layout.field.match(line, at)) and match.end() < len(line):
            count, at = count + 1, match.end() + 1
        return count

    def _column_of(self, line: bytes) -> str | None:
        """The first column that is not UTF-8."""
        texts = line.split(self._layout.delimiter.encode())
        columns = zip(self._layout.columns, texts, strict=False)
        return next((name for name, text in columns if not _is_utf_8(text)), None)

    def _swallows(self, record: bytes) -> bool:
        """Whether a line within a record is one itself: it has all fields, and its first looks like the record's."""
        if len(self._layout.columns) == 1 or self._layout.plain_line is None:
            return False
        first, *others = record.split(b"\n")
        sign = self._layout.delimiter.encode()
        shape = _shape(first.partition(sign)[0])
        return any(self._plain_line.search(line) and _shape(line.partition(sign)[0]) == shape for line in others)

    @cached_property
    def _plain_line(self) -> re.Pattern[bytes]:
        assert self._layout.plain_line
        return re.compile(self._layout.plain_line.encode())


_OPEN_QUOTE = re.compile(rb'"[^"]*+(?:""[^"]*+)*+\Z')
_WORD = re.compile(rb"[A-Za-z0-9\x80-\xff]+")


def _shape(text: bytes) -> tuple[bytes, bool]:
    """What ids of one kind have in common: signs between words, and whether there are digits."""
    text = text.strip(b'" ')
    return _WORD.sub(b"w", text), any(48 <= byte <= 57 for byte in text)


def _is_end(block: bytes, at: int) -> bool:
    return at == len(block) or block[at : at + 1] == b"\n"


def _is_utf_8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blocks(stream: IO[bytes], longest_bytes: int) -> Iterator[tuple[bytes, str]]:
    """The text in blocks of whole lines with `\\n` between them, and which ends they had: `\\n`, `\\r\\n` or `mixed`.

    Of a line that is too long no more comes than shows it, so that a file without line ends needs no memory.
    """
    unfinished = held = b""
    while piece := stream.read(_READ_BYTES):
        piece = held + piece
        # A \n may follow it in the next piece.
        held = b"\r" if piece.endswith(b"\r") else b""
        piece = piece.removesuffix(b"\r")
        end = "\n"
        if carriage_returns := piece.count(b"\r"):
            is_windows = piece.count(b"\r\n") == carriage_returns == piece.count(b"\n")
            end = "\r\n" if is_windows else "mixed"
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        whole, newline, rest = piece.rpartition(b"\n")
        if newline:
            yield unfinished + whole, end
            unfinished = rest
        else:
            unfinished = (unfinished + rest)[: longest_bytes + 1]
    if held:
        yield unfinished, "mixed"
    elif unfinished:
        yield unfinished, ""


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    compression = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    if not compression:
        with path.open("rb") as stream:
            yield stream
        return
    try:
        if compression == "gzip":
            with gzip.open(path) as unzipped:
                yield cast(IO[bytes], unzipped)
        else:
            with pa.input_stream(str(path), compression="zstd") as unzipped:
                yield cast(IO[bytes], unzipped)
    except (EOFError, OSError, zlib.error) as error:
        raise LandingError(
            f"{path} is not a whole {compression} file ({error}); deliver it again, nothing was loaded"
        ) from None
