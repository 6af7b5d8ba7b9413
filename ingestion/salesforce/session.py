"""Logging in to Salesforce: the two OAuth flows that need nobody at a browser.

Belongs here: tokens, and where the organisation's API is. Does not belong here: what is asked of it
(`ingestion.salesforce.api`).

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm and
...remoteaccess_oauth_username_password_flow.htm. A token's life is the session timeout of the organisation, which
the answer does not tell; the API says 401 when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials

from ingestion.api.client import ApiClient, RefreshOnUnauthorized

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a secret
# Longer than any session: a token is used until the API refuses it.
_TOKEN_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Login:
    """How to log in: as the user of the connected app (client credentials), or as a user by name and password."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)

    @property
    def secrets(self) -> list[str]:
        return [self.client_secret, self.password + self.security_token, self.password, self.security_token]

    @property
    def request_data(self) -> dict[str, str]:
        if not self.username:
            return {"grant_type": "client_credentials"}
        return {
            "grant_type": "password",
            "username": self.username,
            "password": self.password + self.security_token,
        }


class _SalesforceToken(OAuth2ClientCredentials):
    """dlt's client credentials, which the password flow only adds fields to; the answer says where the API is."""

    instance_url: str = ""

    def parse_access_token(self, response_json: Any) -> str:
        self.instance_url = str(response_json["instance_url"])
        return str(response_json["access_token"])


def connect(login: Login, client: ApiClient) -> None:
    """Log in, and let the client talk to the organisation's own address. Raises ApiError."""
    token = _SalesforceToken(
        access_token_url=login.url.rstrip("/") + TOKEN_PATH,
        client_id=login.client_id,
        client_secret=login.client_secret,
        access_token_request_data=login.request_data,
        default_token_expiration=_TOKEN_SECONDS,
        session=client.session,
    )
    token.obtain_token()
    client.base_url = token.instance_url
    client.auth = RefreshOnUnauthorized(token)
