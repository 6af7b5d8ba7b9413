"""Whether Twilio answers: a page of one call leg, of one conference where they are read, and the list of agents.

Does not belong here: loading (`ingestion.twilio.source`).
"""

from __future__ import annotations

from collections.abc import Iterator

import dlt
from dlt.common.configuration import with_config

from ingestion.api.options import SourceOptions
from ingestion.findings import Finding
from ingestion.probing import Question, answers
from ingestion.twilio.agents import read_agents
from ingestion.twilio.source import BASE_URL, INSIGHTS_URL, connect


@with_config(sections=("sources", "twilio"))
def probe(
    options: SourceOptions,
    account_sid: str = dlt.secrets.value,
    auth_token: str = dlt.secrets.value,
    api_key_sid: str | None = None,
    agents: str | None = None,
    conferences: bool = False,
    base_url: str = BASE_URL,
    insights_url: str = INSIGHTS_URL,
) -> Iterator[Finding]:
    """Ask for one call leg, and for what else the settings of the source name."""

    def first_page(url: str, path: str, records: str) -> str:
        client = connect(options, api_key_sid or account_sid, auth_token, url, is_probe=True)
        found = client.get(path, {"PageSize": 1}).json()[records]
        return f"the first page holds {len(found)} of them" if found else "there is none yet"

    questions = [
        Question("calls", lambda: first_page(base_url, f"2010-04-01/Accounts/{account_sid}/Calls.json", "calls"))
    ]
    if conferences:
        questions.append(Question("conferences", lambda: first_page(insights_url, "v1/Conferences", "conferences")))
    if agents:
        questions.append(Question("agents", lambda: f"{read_agents(agents).num_rows:,} in {agents}"))
    return answers(questions)
