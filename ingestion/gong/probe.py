"""Whether Gong answers: a page of users and settings, and the calls of the last day.

Does not belong here: loading (`ingestion.gong.source`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import dlt
from dlt.common.configuration import with_config

from ingestion.api.options import SourceOptions
from ingestion.findings import Finding
from ingestion.gong.source import BASE_URL, connect, iso, listed
from ingestion.probing import Question, answers


@with_config(sections=("sources", "gong"))
def probe(
    options: SourceOptions,
    access_key: str = dlt.secrets.value,
    access_key_secret: str = dlt.secrets.value,
    base_url: str = BASE_URL,
) -> Iterator[Finding]:
    """Ask for users, scorecards, trackers, and the calls of the last day."""
    client = connect(options, access_key, access_key_secret, base_url, is_probe=True)

    def users() -> str:
        return f"{client.get('v2/users').json()['records']['totalRecords']:,} listed"

    def settings(path: str, records: str) -> str:
        return f"{len(client.get(path).json()[records]):,} listed"

    def calls() -> str:
        end = options.slice.started_at
        day = {"fromDateTime": iso(end - timedelta(days=1)), "toDateTime": iso(end)}
        first = next(listed(client, "v2/calls/extensive", "calls", {"filter": day}), None)
        return f"{first.json()['records']['totalRecords'] if first is not None else 0:,} in the last day"

    return answers(
        [
            Question("users", users),
            Question("calls", calls),
            Question("scorecards", lambda: settings("v2/settings/scorecards", "scorecards")),
            Question("trackers", lambda: settings("v2/settings/trackers", "keywordTrackers"), is_optional=True),
        ]
    )
