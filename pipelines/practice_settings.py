"""The settings of the practice: working days, goals, recognition, pay, hiring, coaching, feedback, customers.

Belongs here: settings that only marts beyond pipeline and activity read. Does not belong here: those of all marts
(`pipelines.business_settings`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.setting_values import POSITIVE, Count, Share, known, number, texts

LANGUAGES = ("en", "es")
# What a leaderboard or a digest may rank; the columns of the rep scorecard, and talk_ratio of conversations.
RANKED_KPIS = (
    "won_count",
    "won_amount",
    "lost_count",
    "lost_amount",
    "win_rate",
    "win_rate_amount",
    "avg_won_amount",
    "avg_cycle_days",
    "created_count",
    "created_amount",
    "open_count",
    "open_amount",
    "due_open_amount",
    "attainment",
    "coverage_at_start",
    "outbound_calls",
    "connected_calls",
    "connect_rate",
    "talk_seconds",
    "sales_velocity",
)
DIGEST_KPIS = (*RANKED_KPIS, "talk_ratio")


def _listed(names: tuple[str, ...], example: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        for name in texts(value, example):
            known(name, names)
            if value.count(name) > 1:
                raise ValueError(f"names {name!r} twice")
        return value

    return check


def _weekdays(value: Any) -> Any:
    is_list = isinstance(value, list) and value
    if not is_list or not all(isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 7 for day in value):
        raise ValueError(f"is {value!r}; write a list of days from 1 (Monday) to 7 (Sunday), such as [1, 2, 3, 4, 5]")
    return sorted(set(value))


def _shares(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        raise ValueError(f"is {value!r}; write a list of fractions such as [0.25, 0.5, 0.75, 1]")
    for share in value:
        if not 0 <= number(share) <= 1:
            raise ValueError(f"has {share!r}; each share must be from 0 to 1")
    return value


def _roles(value: Any) -> Any:
    return [role.strip().lower() for role in texts(value, '["ae"]')]


def _hours(value: Any) -> Any:
    if not 0 < value <= 24:
        raise ValueError(f"is {value!r}; it must be above 0 and at most 24")
    return value


class PracticeSettings(BaseModel):
    """How the sales organisation works."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    working_weekdays: Annotated[list[int], BeforeValidator(_weekdays)] = Field(
        default=[1, 2, 3, 4, 5], description="Days of the week on which people work; 1 is Monday, 7 Sunday."
    )
    goal_stretch: Annotated[int | float, *POSITIVE] = Field(
        default=1.5,
        description="A goal is achievable up to this multiple of the best reached before, a ratio.",
    )
    leaderboard_kpis: Annotated[list[str], BeforeValidator(_listed(RANKED_KPIS, '["won_amount"]'))] = Field(
        default=["won_amount", "attainment", "win_rate", "created_amount", "connected_calls"],
        description="KPIs that have a leaderboard.",
    )
    quota_roles: Annotated[list[str], BeforeValidator(_roles)] = Field(
        default=["ae"], description="Roles that carry a quota: capacity counts these people."
    )
    ramp_shares: Annotated[list[int | float], BeforeValidator(_shares)] = Field(
        default=[0.25, 0.5, 0.75, 1],
        description="Part of a full rep that one is in the month of hiring and those after it; the last one stays.",
    )
    selling_hours_per_day: Annotated[int | float, BeforeValidator(number), AfterValidator(_hours)] = Field(
        default=6.5, description="Time for selling in a working day, in hours."
    )
    hiring_utilisation: Share = Field(
        default=0.35,
        description="Hiring is advised where reps talk to customers for this part of their selling time, a fraction.",
    )
    coaching_min_cohort: Count = Field(
        default=10, description="A stage can be a focus of coaching from this number of decided deals on."
    )
    ramp_attainment: Annotated[int | float, *POSITIVE] = Field(
        default=0.8, description="A new rep has arrived with this attainment of a month's quota, a fraction."
    )
    feedback_every_days: Count = Field(default=30, description="Feedback is overdue after this time, in days.")
    digest_kpis: Annotated[list[str], BeforeValidator(_listed(DIGEST_KPIS, '["win_rate"]'))] = Field(
        default=["win_rate", "created_amount", "connected_calls", "avg_cycle_days", "talk_ratio", "attainment"],
        description="KPIs that a rep's digest looks at; of equal ones the first named.",
    )
    language: Annotated[str, BeforeValidator(lambda value: known(value, LANGUAGES))] = Field(
        default="en", description=f"Language of sentences: {', '.join(LANGUAGES)}."
    )
    lead_response_minutes: Annotated[int | float, *POSITIVE] = Field(
        default=5, description="A lead is answered in time within this time, in minutes."
    )
    churn_days: Count = Field(
        default=90, description="A customer without service days is active this long after a day of invoicing, in days."
    )
