"""The settings of alarms: who is told, by what way, and from which jump of a figure on.

Belongs here: settings that change nothing of what is computed or published. Does not belong here: those that do
(`pipelines.business_settings`); addresses of webhooks and passwords, which are secrets and come from the environment
(`pipelines.alarms.senders`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.practice_settings import RANKED_KPIS
from pipelines.setting_values import known, mapping, number, texts

WEBHOOKS = ("slack", "teams", "json")
SMTP_SECURITY = ("starttls", "tls", "none")
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_SERVER = re.compile(r"([^\s:/]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?")


def _webhooks(value: Any) -> list[str]:
    for name in texts(value, '["slack"]'):
        known(name, WEBHOOKS)
        if value.count(name) > 1:
            raise ValueError(f"names {name!r} twice")
    return list(value)


def _address(value: Any) -> str:
    if not isinstance(value, str) or not ADDRESS.fullmatch(value):
        raise ValueError(f"has {value!r}, not an e-mail address such as on-call@example.com")
    return value


def _addresses(value: Any) -> list[str]:
    return [_address(each) for each in texts(value, '["on-call@example.com"]')]


def _server(value: Any) -> str:
    if not isinstance(value, str) or not _SERVER.fullmatch(value):
        raise ValueError(f"is {value!r}; write a host with its port, such as smtp.example.com:587")
    return value


def _jumps(limits: dict[Any, Any]) -> dict[Any, Any]:
    for kpi, ratio in limits.items():
        known(kpi, RANKED_KPIS)
        if not 1 < number(ratio) < float("inf"):
            raise ValueError(f"has {ratio!r} for {kpi}; write a ratio above 1, such as 1.25")
    return limits


def _optional(check: Callable[[Any], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: None if value is None else check(value))


class AlarmSettings(BaseModel):
    """Who is told when something is wrong. Addresses of webhooks and passwords come from the environment alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alarm_webhooks: Annotated[list[str], BeforeValidator(_webhooks)] = Field(
        default=[],
        description=(
            "Kinds of webhooks that alarms go to: slack, teams, json. The address of each is a secret and comes from "
            "the environment: REPLINE_ALARM_SLACK_URL, REPLINE_ALARM_TEAMS_URL, REPLINE_ALARM_JSON_URL."
        ),
    )
    alarm_mail_to: Annotated[list[str], BeforeValidator(_addresses)] = Field(
        default=[], description="E-mail addresses that alarms go to."
    )
    alarm_mail_from: Annotated[str | None, _optional(_address)] = Field(
        default=None, description="The sender of these mails. Null: the first of alarm_mail_to."
    )
    smtp_server: Annotated[str, AfterValidator(_server)] = Field(
        default="localhost:25",
        description=(
            "The mail server, host:port. Where it asks who sends, REPLINE_SMTP_USER and REPLINE_SMTP_PASSWORD in the "
            "environment say so."
        ),
    )
    smtp_security: Annotated[str, BeforeValidator(lambda value: known(value, SMTP_SECURITY))] = Field(
        default="starttls",
        description=(
            "How mails are kept from listeners on the way to the server: starttls (port 587 or 25), tls (port 465) or "
            "none, for a server on this machine."
        ),
    )
    alarm_command: Annotated[list[str], BeforeValidator(lambda value: texts(value, '["logger", "-t", "repline"]'))] = (
        Field(
            default=[],
            description=(
                "A command that alarms go to, a list of the program and its arguments; it gets the text on standard "
                'input: ["logger", "-t", "repline"].'
            ),
        )
    )
    alarm_kpi_jumps: Annotated[
        dict[str, int | float], BeforeValidator(_jumps), BeforeValidator(mapping('{"won_amount": 1.25}'))
    ] = Field(
        default={"won_amount": 1.25, "created_amount": 1.25, "win_rate": 1.25},
        description=(
            "Greatest change from one published version to the next of the company's figures of the last complete "
            "month, a ratio: at 1.25 an alarm begins where one is above 5/4 or below 4/5 of what it was. A KPI that is "
            "not named raises no alarm; null takes one away."
        ),
    )

    @property
    def sender(self) -> str | None:
        """Whom mails are from; None where the settings name nobody."""
        return self.alarm_mail_from or next(iter(self.alarm_mail_to), None)
