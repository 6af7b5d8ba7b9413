"""Periods as people name them: 2025-10, 2025-Q3, 2025, last quarter, 2025-01..2025-06.

Belongs here: reading such a name, and which periods are published. Does not belong here: when fiscal years begin
(`dim_date` knows it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pipelines.asking.published import AskingError, Published

EXAMPLES = "2025-10 (a month), 2025-Q3 (a fiscal quarter), 2025 (a fiscal year), last quarter, or 2025-01..2025-06"
_FORMS = {"month": r"\d{4}-\d{2}", "quarter": r"\d{4}-q[1-4]", "year": r"\d{4}"}
# Of those that lie ahead or before the first event there are no scorecards; what customers brought may begin earlier.
_PUBLISHED = """
    SELECT 'month' AS type, month_start AS start, max(date_day) AS "end", strftime(month_start, '%Y-%m') AS name
    FROM marts.dim_date GROUP BY month_start HAVING max(date_day) >= $first_day
    UNION
    SELECT 'quarter', quarter_start, max(date_day), fiscal_year || '-Q' || fiscal_quarter
    FROM marts.dim_date GROUP BY quarter_start, fiscal_year, fiscal_quarter HAVING max(date_day) >= $first_day
    UNION
    SELECT 'year', year_start, max(date_day), CAST(fiscal_year AS VARCHAR)
    FROM marts.dim_date GROUP BY year_start, fiscal_year HAVING max(date_day) >= $first_day
    UNION
    SELECT 'month', month, last_day(month), strftime(month, '%Y-%m') FROM marts.kpi_company_month
"""


@dataclass(frozen=True)
class Period:
    """A month, fiscal quarter or fiscal year, from its first day to its last one, both included."""

    type: str
    start: date
    end: date
    name: str


def published_periods(published: Published) -> list[Period]:
    """All periods that have begun by the as-of day, oldest first."""
    query = f"SELECT * FROM ({_PUBLISHED}) WHERE start <= $as_of_day ORDER BY start, type"
    parameters = {"first_day": published.first_day, "as_of_day": published.as_of_day}
    return [Period(**row) for row in published.rows(query, parameters)]


def periods_named(published: Published, text: str) -> list[Period]:
    """The period of that name, or all from one to another (`first..last`). Raises AskingError for what is none."""
    known = published_periods(published)
    first, dots, last = (part.strip() for part in text.partition(".."))
    start = _period(known, first)
    if not dots:
        return [start]
    end = _period(known, last)
    if start.type != end.type or start.start > end.start:
        raise AskingError(f"{text!r} has to go from a period to a later one of the same kind, such as 2025-01..2025-06")
    return [period for period in known if period.type == start.type and start.start <= period.start <= end.start]


def period_named(published: Published, text: str) -> Period:
    """One period. Raises AskingError for what is none, and for several."""
    found = periods_named(published, text)
    if len(found) > 1:
        raise AskingError(f"{text!r} are {len(found)} periods; name one, such as {found[-1].name}")
    return found[0]


def _period(known: list[Period], text: str) -> Period:
    name = " ".join(text.lower().split())
    words = re.fullmatch(r"(?:(this|last) )?(month|quarter|year)", name)
    if words:
        of_type = [period for period in known if period.type == words[2]]
        back = 2 if words[1] == "last" else 1
        if len(of_type) >= back:
            return of_type[-back]
        raise AskingError(f"there is no {text!r} yet: the only {words[2]} published is {of_type[-1].name}")
    # 2025Q3 is meant as 2025-Q3.
    name = re.sub(r"^(\d{4})q", r"\1-q", name)
    kind = next((kind for kind, form in _FORMS.items() if re.fullmatch(form, name)), None)
    if kind is None:
        raise AskingError(f"{text!r} is no period; write {EXAMPLES}")
    of_type = [period for period in known if period.type == kind]
    found = next((period for period in of_type if period.name.lower() == name), None)
    if found is None:
        raise AskingError(
            f"the {kind} {text} is not published; there are those from {of_type[0].name} to {of_type[-1].name}"
        )
    return found
