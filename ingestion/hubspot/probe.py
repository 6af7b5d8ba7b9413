"""Whether HubSpot answers: a page of one record of everything that is read, and what is left of the daily limit.

Does not belong here: loading (`ingestion.hubspot.source`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import dlt
from dlt.common.configuration import with_config

from ingestion.api.options import SourceOptions
from ingestion.findings import Finding
from ingestion.hubspot.endpoints import DEAL_PIPELINES_PATH, EXCHANGE_RATES_PATH, OWNERS_PATH, objects_path
from ingestion.hubspot.source import BASE_URL, connect
from ingestion.hubspot.tables import OPTIONAL_TABLES, RECORD_TABLES, SOURCE
from ingestion.probing import Question, answers

_DAILY_LIMIT = "X-HubSpot-RateLimit-Daily"


@with_config(sections=("sources", SOURCE))
def probe(options: SourceOptions, access_token: str = dlt.secrets.value, base_url: str = BASE_URL) -> Iterator[Finding]:
    """Ask for one owner, the pipelines, and one record of each kind: each needs a right of its own."""
    client = connect(options, access_token, base_url, is_probe=True)

    def owners() -> str:
        response = client.get(OWNERS_PATH, {"limit": 1})
        left, limit = response.headers.get(f"{_DAILY_LIMIT}-Remaining"), response.headers.get(_DAILY_LIMIT)
        found = "readable" if response.json()["results"] else "there is none yet"
        return f"{found}; {left} of {limit} requests are left today" if left and limit else found

    def pipelines() -> str:
        return f"{len(client.get(DEAL_PIPELINES_PATH).json()['results']):,} of deals"

    def records(object_type: str) -> str:
        return f"{client.post(objects_path(object_type, 'search'), {'limit': 1}).json()['total']:,} found"

    def rates() -> str:
        return "readable" if client.get(EXCHANGE_RATES_PATH, {"limit": 1}).json()["results"] else "there is none"

    return answers(
        [
            Question("owners", owners),
            Question("pipelines", pipelines),
            *(Question(each.name, partial(records, each.name), each in OPTIONAL_TABLES) for each in RECORD_TABLES),
            Question("exchange_rates", rates, is_optional=True),
        ]
    )
