"""A span of time in windows that one step can take, oldest first.

Belongs here: how a list without a known order is read in the order of time. Does not belong here: what is asked for
(`ingestion.gong.source`).

A load may stop after any window and goes on after it. Nothing says in which order Gong lists what a request finds,
so a window is read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime, timedelta

import requests

from ingestion.api.tables import PAGES_PER_BATCH

RECORDS_PER_PAGE = 100
RECORDS_PER_WINDOW = RECORDS_PER_PAGE * PAGES_PER_BATCH

Pages = Generator[requests.Response, None, None]


def windows(
    ask: Callable[[datetime, datetime], Pages], start: datetime, end: datetime, shortest: timedelta
) -> Iterator[Sequence[bytes]]:
    """The bodies of the pages from `start` up to `end`, window by window.

    The first page says how many records there are. Too many for one step are asked for in halves of the time, whose
    length is a whole number of the `shortest` one.
    """
    pages = ask(start, end)
    first = next(pages, None)
    if first is None:
        return
    found = int((first.json().get("records") or {}).get("totalRecords") or 0)
    middle = start + (end - start) / 2 // shortest * shortest
    if found > RECORDS_PER_WINDOW and start < middle < end:
        pages.close()
        yield from windows(ask, start, middle, shortest)
        yield from windows(ask, middle, end, shortest)
    else:
        yield [first.content, *(page.content for page in pages)]
