"""Whether Salesforce answers: the login, the daily limit, and what the user may see of each object.

Does not belong here: loading (`ingestion.salesforce.source`).
"""

from __future__ import annotations

from collections.abc import Iterator

import dlt
from dlt.common.configuration import with_config
from dlt.common.typing import TSecretStrValue

from ingestion.api.options import SourceOptions
from ingestion.findings import Finding, State
from ingestion.personal import OptionsError
from ingestion.probing import Question, answers
from ingestion.salesforce.api import Salesforce, total_size
from ingestion.salesforce.source import API_VERSION, LOGIN_URL, connect
from ingestion.salesforce.tables import OBJECTS, SOURCE, SObject

# Without these there are no figures; every other object may be hidden.
_NEEDED = ("User", "Opportunity", "OpportunityStage")


@with_config(sections=("sources", SOURCE))
def probe(
    options: SourceOptions,
    client_id: str = dlt.config.value,
    client_secret: TSecretStrValue | None = None,
    username: str | None = None,
    password: TSecretStrValue | None = None,
    security_token: TSecretStrValue | None = None,
    private_key: TSecretStrValue | None = None,
    login_url: str = LOGIN_URL,
    api_version: str = API_VERSION,
) -> Iterator[Finding]:
    """Log in, and ask what the user may see of each object that is read."""
    secrets = (client_secret, username, password, security_token, private_key)
    salesforce = connect(options, login_url, api_version, client_id, secrets, is_probe=True)

    def limit() -> str:
        requests = salesforce.client.get(salesforce.path("limits")).json()["DailyApiRequests"]
        return f"{requests['Remaining']:,} of {requests['Max']:,} requests are left today"

    yield from answers([Question("login", limit)])
    if "client" not in vars(salesforce):  # it is there once the login succeeded
        return
    for sobject in OBJECTS:
        yield from _object(salesforce, sobject)


def _object(salesforce: Salesforce, sobject: SObject) -> Iterator[Finding]:
    def look() -> str:
        query = salesforce.query(sobject, sobject.table, None, set())
        if query is None:
            raise OptionsError
        there_are = "readable" if total_size(salesforce.count(query, 1)) else "there is none yet"
        hidden = len(sobject.table.fields) - len(query.fields)
        return f"{there_are}; {hidden} of its fields are hidden or not there, and stay empty" if hidden else there_are

    try:
        yield from answers([Question(sobject.name, look)])
    except OptionsError:
        state = State.FAULT if sobject.name in _NEEDED else State.WARNING
        yield Finding(state, sobject.name, "the user may not see the object, or there is none; its table stays empty")
