"""The settings of who asks: what agents may see and how much of it, by `repline mcp`.

Belongs here: settings that change nothing of what is computed or published. Does not belong here: what a question means
(`pipelines.asking`).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from pipelines.setting_values import Count, between, number


def _optional_text(value: Any) -> Any:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise ValueError(f"is {value!r}; write a user_id or an e-mail address, or null for all reps")
    return value


class AgentSettings(BaseModel):
    """What agents may ask (`repline mcp`), and the bounds of each answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent_rep: Annotated[str | None, BeforeValidator(_optional_text)] = Field(
        default=None,
        description=(
            "The only rep whose figures agents see, by user_id or e-mail address; beside them, the median of the reps "
            "and figures of the company. Null: everybody's."
        ),
    )
    agent_sql: StrictBool = Field(
        default=False,
        description=(
            "Whether agents may write queries of their own (SELECT alone, over the published version alone). Not "
            "together with agent_rep: such a query sees everybody."
        ),
    )
    agent_row_limit: Count = Field(default=200, description="Most rows of an answer; what is left out is said.")
    agent_timeout_seconds: Annotated[int | float, BeforeValidator(number), AfterValidator(between(0.1))] = Field(
        default=20, description="Longest time of an answer, in seconds."
    )

    @model_validator(mode="after")
    def _sql_sees_everybody(self) -> AgentSettings:
        if self.agent_sql and self.agent_rep is not None:
            raise ValueError("agent_sql and agent_rep exclude each other: a query of one's own sees everybody")
        return self
