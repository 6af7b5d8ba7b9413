"""A few figures of the published marts, to show after the demo what there is to see.

Belongs here: reading published KPI tables. Does not belong here: computing a KPI (`dbt_project`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Highlight:
    """A small table: title, headings, and rows of ready-made texts."""

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]


_TOP_REPS = """
    WITH quarters AS (
        SELECT max(period_start) AS period_start FROM marts.kpi_rep_scorecard
        WHERE period_type = 'quarter' AND period_end < (SELECT max(as_of) FROM marts.publication)
    )
    SELECT coalesce(rep.full_name, score.user_id), format('{:,d}', score.won_count),
           format('{:,d}', round(score.won_amount)::BIGINT),
           coalesce(format('{:.0f} %', score.win_rate * 100), ''),
           coalesce(format('{:.0f} %', score.attainment * 100), '')
    FROM marts.kpi_rep_scorecard AS score
    JOIN quarters USING (period_start)
    LEFT JOIN marts.dim_rep AS rep USING (user_id)
    WHERE score.period_type = 'quarter' AND score.won_count > 0
    ORDER BY score.bookings_rank, score.user_id
    LIMIT 5
"""
_FUNNEL = """
    WITH cohorts AS (
        -- The newest month in which a bottleneck was found.
        SELECT pipeline, cohort_month FROM marts.kpi_stage_funnel WHERE is_bottleneck
        ORDER BY cohort_month DESC, pipeline LIMIT 1
    )
    SELECT stage, format('{:,d}', reached_count), format('{:.0f} %', conversion_rate * 100),
           coalesce(format('{:.1f}', median_days_to_advance), ''), if(is_bottleneck, 'bottleneck', ''),
           pipeline || ', ' || strftime(cohort_month, '%B %Y')
    FROM marts.kpi_stage_funnel JOIN cohorts USING (pipeline, cohort_month)
    ORDER BY stage_position
"""


def read_highlights(marts: Path) -> list[Highlight]:
    """The best reps of the last complete quarter, and the newest cohort's funnel that has a bottleneck."""
    with duckdb.connect(str(marts), read_only=True) as connection:
        reps = connection.execute(_TOP_REPS).fetchall()
        funnel = connection.execute(_FUNNEL).fetchall()
    found = [Highlight("Best reps of the last quarter", ("rep", "won", "amount", "win rate", "of quota"), reps)]
    if funnel:
        title = f"Funnel of {funnel[0][-1]}"
        found.append(Highlight(title, ("stage", "reached", "go on", "days", ""), [row[:-1] for row in funnel]))
    return found


def show(console: Console, highlights: list[Highlight]) -> None:
    for highlight in highlights:
        table = Table(title=highlight.title, title_justify="left", box=None, pad_edge=False)
        for number, heading in enumerate(highlight.headings):
            table.add_column(heading, justify="left" if number == 0 or not heading else "right")
        for row in highlight.rows:
            table.add_row(*row)
        console.print()
        console.print(table, highlight=False)
