"""Logging in to Salesforce: the OAuth flows that need nobody at a browser.

Belongs here: tokens, and where the organisation's API is. Does not belong here: what is asked of it
(`ingestion.salesforce.api`).

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm,
...remoteaccess_oauth_jwt_flow.htm and ...remoteaccess_oauth_username_password_flow.htm. A token's life is the session
timeout of the organisation, which the answer does not tell; the API says 401 when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials

from ingestion.api.client import ApiClient, RefreshOnUnauthorized
from ingestion.personal import OptionsError

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a secret
# Longer than any session: a token is used until the API refuses it.
_TOKEN_SECONDS = 30 * 24 * 3600
# What the vendor takes a signed login for.
_ASSERTION_LIFE = timedelta(minutes=3)
_SETTING = "SOURCES__SALESFORCE__"


@dataclass(frozen=True)
class Login:
    """How to log in: by a user's name and the app's private key, by a user's name and password, else as the app's user.

    Raises OptionsError where that needs what is not given.
    """

    url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.private_key:
            if not self.client_secret:
                raise OptionsError(f"salesforce needs {_SETTING}CLIENT_SECRET, or {_SETTING}PRIVATE_KEY and a USERNAME")
            return
        if not self.username:
            raise OptionsError(f"salesforce needs {_SETTING}USERNAME: whom {_SETTING}PRIVATE_KEY logs in")
        try:
            self._signed()
        except (jwt.PyJWTError, ValueError, TypeError):
            # What these say may hold a part of the key.
            raise OptionsError(
                f"{_SETTING}PRIVATE_KEY is no private RSA key: it begins with -----BEGIN PRIVATE KEY-----, without a "
                "passphrase"
            ) from None

    @property
    def secrets(self) -> list[str]:
        return [
            *(self.client_secret, self.password + self.security_token, self.password, self.security_token),
            # Its frame is no secret, and errors have no line breaks.
            *self.private_key.splitlines()[1:-1],
        ]

    @property
    def request_data(self) -> dict[str, str]:
        """The form of a login now."""
        if self.private_key:
            return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._signed()}
        app = {"client_id": self.client_id, "client_secret": self.client_secret}
        if not self.username:
            return {"grant_type": "client_credentials", **app}
        return {
            "grant_type": "password",
            **app,
            "username": self.username,
            "password": self.password + self.security_token,
        }

    def _signed(self) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self._audience,
            "exp": int((datetime.now(UTC) + _ASSERTION_LIFE).timestamp()),
        }
        return jwt.encode(claims, self.private_key, algorithm="RS256")

    @property
    def _audience(self) -> str:
        """Who checks the login, whatever the organisation's own address; that of a sandbox has two hyphens."""
        host = urlsplit(self.url).hostname or ""
        return f"https://{'test' if host.startswith('test.') or '--' in host else 'login'}.salesforce.com"


class _SalesforceToken(OAuth2ClientCredentials):
    """dlt's client credentials with the form of the login's flow; the answer says where the API is."""

    login: Login
    instance_url: str = ""

    def build_access_token_request(self) -> dict[str, Any]:
        return {"data": self.login.request_data}

    def parse_access_token(self, response_json: Any) -> str:
        self.instance_url = str(response_json["instance_url"])
        return str(response_json["access_token"])


def connect(login: Login, client: ApiClient) -> None:
    """Log in, and let the client talk to the organisation's own address. Raises ApiError."""
    token = _SalesforceToken(
        access_token_url=login.url.rstrip("/") + TOKEN_PATH,
        default_token_expiration=_TOKEN_SECONDS,
        session=client.session,
    )
    token.login = login
    token.obtain_token()
    client.base_url = token.instance_url
    client.auth = RefreshOnUnauthorized(token)
