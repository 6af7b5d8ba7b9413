"""Whether Aircall answers: a page of one record of each list, and what is left of the limit.

Does not belong here: loading (`ingestion.aircall.source`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import dlt
from dlt.common.configuration import with_config

from ingestion.aircall.source import BASE_URL, connect
from ingestion.api.client import ApiClient
from ingestion.api.options import SourceOptions
from ingestion.findings import Finding
from ingestion.probing import Question, answers


@with_config(sections=("sources", "aircall"))
def probe(
    options: SourceOptions,
    api_id: str = dlt.secrets.value,
    api_token: str = dlt.secrets.value,
    base_url: str = BASE_URL,
) -> Iterator[Finding]:
    """Ask for one user, one team and one call."""
    client = connect(options, api_id, api_token, base_url, is_probe=True)
    lists = {"users": "v2/users", "teams": "v1/teams", "calls": "v1/calls"}
    return answers(Question(name, partial(_first_page, client, path)) for name, path in lists.items())


def _first_page(client: ApiClient, path: str) -> str:
    response = client.get(path, {"per_page": 1})
    total = f"{response.json()['meta']['total']:,} listed"
    left, limit = (response.headers.get(f"X-AircallApi-{name}") for name in ("Remaining", "Limit"))
    return f"{total}; {left} of {limit} requests are left this minute" if left and limit else total
