"""The small chart of the pages of teams and reps, drawn as SVG without Vega.

Belongs here: that drawing. Does not belong here: the charts of the company's page (`pipelines.pages.charts`).

A picture by Vega takes 0.1 s, the pages of 2,000 reps as many: this takes a thousandth of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import escape

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 900, 210, 12, 28


def columns(data: Mapping[str, Any]) -> str:
    """Columns of what was won month by month, with the quota as a line across each."""
    values = data["values"]
    greatest = max([value["won"] for value in values] + [value["quota"] or 0 for value in values] + [1])
    step = _WIDTH / max(len(values), 1)
    ground = _HEIGHT - _BOTTOM

    def y(amount: float) -> float:
        return ground - max(amount, 0) / greatest * (ground - _TOP)

    parts = [f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{ground}" y2="{ground}"/>']
    for position, value in enumerate(values):
        left = position * step
        top = y(value["won"])
        parts.append(
            f"<g><title>{escape(value['month'])}: {escape(value['text'])}</title>"
            f'<rect class="won" x="{left + step * 0.2:.1f}" y="{top:.1f}" width="{step * 0.6:.1f}" '
            f'height="{ground - top:.1f}" rx="3"/>'
        )
        if value["quota"]:
            at = y(value["quota"])
            parts.append(
                f'<line class="quota" x1="{left + step * 0.1:.1f}" x2="{left + step * 0.9:.1f}" '
                f'y1="{at:.1f}" y2="{at:.1f}"/>'
            )
        month = escape(str(value["month"]).split(" ")[0])
        parts.append(f'<text x="{left + step / 2:.1f}" y="{_HEIGHT - 6}">{month}</text></g>')
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
