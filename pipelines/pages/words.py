"""The language of the pages: sentences, names of KPIs, and how numbers and days are written.

Belongs here: making text of figures, with the mark by which each is found again. Does not belong here: the texts
(`pipelines/pages/languages`; names of KPIs and signs of numbers are the marts' own, `dbt_project/macros/languages`).

A mark is the HTML element `data`: its value is the figure as the mart has it, `data-figure` the mart's column, and
`data-key` the row, in the form of a URL's query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import yaml
from markupsafe import escape

from pipelines.pages.rows import Answers, Row
from pipelines.settings import DBT_PROJECT_DIR

_LANGUAGES = Path(__file__).parent / "languages"
NOTHING = "–"
# Units of columns that are no KPI of the catalogue.
_UNITS_BY_END = {
    "_amount": "money",
    "_rate": "fraction",
    "_count": "count",
    "_days": "days",
    "_seconds": "seconds",
    "_ratio": "fraction",
    "_on": "day",
    "_at": "moment",
}
_UNITS = {
    **dict.fromkeys(("opening", "created", "reopened", "increased", "decreased", "won", "lost", "closing"), "money"),
    **dict.fromkeys(("transferred_in", "transferred_out"), "money"),
    **dict.fromkeys(("wape", "bias", "utilisation", "coverage_remaining", "mean_score", "peer_mean_score"), "fraction"),
    **dict.fromkeys(("progress", "rate", "credited_attainment"), "fraction"),
    **dict.fromkeys(("close_date", "period_start", "period_end"), "day"),
    **dict.fromkeys(("weeks_left", "tier", "line_number", "reps_needed"), "count"),
    **dict.fromkeys(("ramped_rep_count", "open_per_rep", "switches_per_minute"), "decimal"),
    **dict.fromkeys(("median_days_to_advance",), "days"),
    **dict.fromkeys(("limit_hours", "age_hours"), "hours"),
}
_MILLION, _HOUR = 1_000_000, 3600


class Marked(NamedTuple):
    """A figure with its mark, or a sentence with such figures in it: as text, and as HTML."""

    text: str
    html: str

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        return self.html


Shown = str | Marked


@dataclass(frozen=True)
class Words:
    """A language, with what the version's figures are in.

    `units` has the unit of each KPI by its name, as the catalogue says; `fiscal_quarters` year and number of a fiscal
    quarter by its first day.
    """

    language: str
    texts: Mapping[str, Any]
    kpis: Mapping[str, Any]
    currency: str
    units: Mapping[str, str] = field(default_factory=dict)
    fiscal_quarters: Mapping[date, tuple[int, int]] = field(default_factory=dict)

    def say(self, name: str, /, **parts: Shown | int) -> Marked:
        """A text with its parts put in. Of one, it says the text `<name>_one` where a language has it."""
        if str(parts.get("count")) == "1" and f"{name}_one" in self.texts:
            name = f"{name}_one"
        template = str(self.texts[name])
        text = template.format(**{part: str(value) for part, value in parts.items()})
        html = str(escape(template)).format(**{part: escape(value) for part, value in parts.items()})
        return Marked(text, html)

    def named(self, group: str, name: object) -> str:
        """The word for a value such as a status; the value itself where there is none."""
        return str(self.texts[group].get(str(name), name if name is not None else NOTHING))

    def kpi(self, name: str) -> str:
        """What a KPI, or another column, is called."""
        return str(self._names.get(name, name.replace("_", " ")))

    @cached_property
    def _names(self) -> dict[str, str]:
        return {**self.kpis["kpis"], **self.texts["columns"]}

    def figure(self, row: Row, column: str, unit: str = "", short: bool = False) -> Shown:
        """A figure of a row as text with its mark; a dash where there is none."""
        value = row[column]
        if value is None:
            return NOTHING
        text = self.text(value, unit or self.unit(column), short)
        name, key = row.mark(column)
        # Numbers and days have nothing that HTML would take for its own.
        plain, content = (escape(value), escape(text)) if isinstance(value, str) else (_plain(value), text)
        return Marked(text, f'<data value="{plain}" data-figure="{name}" data-key="{key}">{content}</data>')

    @cached_property
    def unit(self) -> Callable[[str], str]:
        """The unit of a column, by its name."""

        @cache
        def unit(column: str) -> str:
            if column in self.units:
                return self.units[column]
            ends = (unit for end, unit in _UNITS_BY_END.items() if column.endswith(end))
            return _UNITS.get(column) or next(ends, "text")

        return unit

    def text(self, value: Any, unit: str, short: bool = False) -> str:
        """A value of a unit as text. Where it is to be short, millions are written as such."""
        if unit == "text":
            return str(value)
        # A number and its unit stay on one line.
        return self._text(value, unit, short).replace(" ", "\N{NO-BREAK SPACE}")

    def _text(self, value: Any, unit: str, short: bool) -> str:
        match unit:
            case "day":
                return self.day(value)
            case "count":
                return self.number(value)
            case "decimal":
                return self.number(value, 1)
            case "fraction":
                return self.number(value * 100, 0 if abs(value) >= 1 else 1) + str(self.kpis["percent"])
            case "money" if short and abs(value) >= _MILLION:
                return self.number(value / _MILLION, 2) + str(self.texts["million"])
            case "cents":
                return self.number(value, 2)
            case "money":
                return self.number(value)
            case "money_per_day":
                return self.number(value) + str(self.kpis["per_day"])
            case "days":
                return self.number(value, 1) + str(self.kpis["days"])
            case "hours":
                return self.number(value, 1) + str(self.texts["hours"])
            case "seconds" if abs(value) >= _HOUR:
                return self.number(value / _HOUR, 1) + str(self.texts["hours"])
            case "seconds":
                return self.number(value, 1) + str(self.texts["seconds"])
            case "month":
                return self.month(value)
            case "moment":
                return self.moment(value)
            case _:
                return str(value)

    def number(self, value: Decimal | float, digits: int = 0) -> str:
        text = f"{value:,.{digits}f}"
        if not text.strip("-0.,"):
            text = text.lstrip("-")  # what rounds to nothing has no sign
        return text.translate(self._signs)

    @cached_property
    def _signs(self) -> dict[int, str]:
        return str.maketrans({",": str(self.kpis["thousands"]), ".": str(self.kpis["decimal"]), "-": "−"})

    def day(self, day: date, form: str = "day") -> str:
        return self._days(day, form)

    @cached_property
    def _days(self) -> Callable[[date, str], str]:
        @cache
        def written(day: date, form: str) -> str:
            names = self.texts["month_names"]
            return str(self.texts[form]).format(day=day.day, month=names[day.month - 1], year=day.year)

        return written

    def moment(self, moment: datetime) -> str:
        return f"{self.day(moment.date())}, {moment:%H:%M} UTC"

    def month(self, day: date) -> str:
        return f"{self.texts['month_names'][day.month - 1]} {day.year}"

    def period(self, kind: str, start: date) -> str:
        """What a month, fiscal quarter or fiscal year is called."""
        if kind == "month":
            return self.month(start)
        year, number = self.fiscal_quarters.get(start, (start.year, 1))
        return str(self.texts[kind]).format(year=year, number=number)


def words_of(language: str, currency: str) -> Words:
    """The words of a language; one of `pipelines.practice_settings.LANGUAGES`."""
    texts = yaml.safe_load((_LANGUAGES / f"{language}.yml").read_text(encoding="utf-8"))
    return Words(language, texts, _words_of_marts(language), currency)


def words_for(answers: Answers, language: str, currency: str) -> Words:
    """The words of a language for the figures of a version."""
    units = {row["kpi"]: row["unit"] for row in answers.rows["catalogue"]}
    return replace(words_of(language, currency), units=units, fiscal_quarters=answers.fiscal_quarters)


def _words_of_marts(language: str) -> dict[str, Any]:
    """What the marts' own sentences are made of: dbt macros give a dictionary back."""
    found: list[dict[str, Any]] = []
    file = DBT_PROJECT_DIR / "macros" / "languages" / f"{language}.sql"
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - a dictionary is wanted, no HTML
    environment.globals["return"] = found.append
    module: Any = environment.from_string(file.read_text(encoding="utf-8")).module
    getattr(module, f"language_{language}")()
    return found[0]


def _plain(value: Any) -> str:
    """A value as text that a program reads: full precision, ISO 8601."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
