"""The metrics that can be asked for, as the published catalogue describes them.

Belongs here: reading `kpi_catalogue`, and finding a metric by its name. Does not belong here: any definition
(`dbt_project/macros/catalogue.sql`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pipelines.asking.published import AskingError, Published

_TABLE = "kpi_catalogue"


@dataclass(frozen=True)
class Rows:
    """The rows that a metric is made of: those of `table` that the SQL condition `filter` keeps (None for all).

    Each brings in `value`, SQL over its columns, for the rep in the column `rep` on the day in the column `day`;
    without a `day` the rows are those at the as-of moment. `total` of the values, sum or mean, is the figure.
    """

    table: str
    filter: str | None
    value: str
    rep: str
    day: str | None
    total: str


@dataclass(frozen=True)
class Metric:
    """A row of the catalogue. `rows` is None, and `parts` (names of metrics) are empty, where it has none."""

    name: str
    family: str
    meaning: str
    formula: str
    unit: str
    kind: str
    better: str
    why: str
    grains: tuple[str, ...]
    table: str
    column: str
    rows: Rows | None
    parts: tuple[str, ...]


class Catalogue(dict[str, Metric]):
    """The metrics by name."""

    def named(self, name: str) -> Metric:
        """Raises AskingError for an unknown one, with those whose names are near."""
        wanted = name.strip().lower().replace(" ", "_")
        if wanted in self:
            return self[wanted]
        near = difflib.get_close_matches(wanted, self, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(sorted(self))}"
        raise AskingError(f"there is no metric {name!r}; {hint}")

    def leaves(self, metric: Metric) -> list[Metric]:
        """The metrics whose rows this one is made of: itself, or those of its parts; each once."""
        if not metric.parts:
            return [metric]
        found = [leaf for part in metric.parts for leaf in self.leaves(self[part])]
        return list(dict.fromkeys(found))

    def has_rows(self, metric: Metric) -> bool:
        """Whether all that the metric is made of is published row by row."""
        return all(leaf.rows for leaf in self.leaves(metric))


def read_catalogue(published: Published) -> Catalogue:
    """All metrics. Raises AskingError where the version is of a release whose catalogue does not name rows."""
    if "row_table" not in published.columns(_TABLE):
        raise AskingError("this version was published by an earlier release of Repline; run `repline refresh`")
    found = Catalogue()
    for row in published.rows(f"SELECT * FROM marts.{_TABLE}"):
        table = row["row_table"]
        rows = (
            Rows(table, row["row_filter"], row["row_value"], row["row_rep"], row["row_day"], row["row_total"])
            if table
            else None
        )
        found[row["kpi"]] = Metric(
            row["kpi"],
            row["family"],
            row["meaning"],
            row["formula"],
            row["unit"],
            row["kind"],
            row["better"],
            row["why"],
            tuple(row["grains"].split(",")),
            row["table_name"],
            row["column_name"],
            rows,
            tuple(row["parts"].split(",")) if row["parts"] else (),
        )
    return found
