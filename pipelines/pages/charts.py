"""The charts of the company's page, made with Altair.

Belongs here: how each chart looks, as Vega-Lite. Does not belong here: what its title says (`pipelines.pages.company`);
the small charts of the many pages of teams and reps (`pipelines.pages.drawing`).

Colours are those of the style sheet (`var(--...)`), so that one picture is right in light, dark and print. Numbers that
are read come as ready-made texts, which the language has written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import altair as alt
import vl_convert

WIDTH = 480
_INK, _MUTED, _GRID = "var(--ink)", "var(--muted)", "var(--line)"
_MAIN, _SECOND, _THIRD, _FOURTH = "var(--blue)", "var(--orange)", "var(--green)", "var(--purple)"
_PALE, _GREY = "var(--blue-pale)", "var(--grey)"
_AMOUNTS = alt.Axis(format="~s", tickCount=5, title=None)
# vl-convert takes addresses without a host for those of Vega's example data; they are pages of this site.
_EXAMPLES = "https://vega.github.io/vega-datasets/"
# Vega's names of what numbers look like in each language.
_LOCALES: dict[str, Literal["en-US", "es-ES"]] = {"en": "en-US", "es": "es-ES"}


def vega_lite(kind: str, data: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The chart of a kind as Vega-Lite."""
    layers, height = _KINDS[kind](data)
    chart = layers.properties(
        width=WIDTH,
        height=height,
        background="transparent",
        # The labels are within the width, so that the letters of all charts have one size.
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    ).configure(
        font="sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=_MUTED,
            titleColor=_MUTED,
            gridColor=_GRID,
            domainColor=_GRID,
            tickColor=_GRID,
            labelFontSize=12,
            labelPadding=6,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=150,
        ),
        legend=alt.LegendConfig(
            labelColor=_INK,
            labelFontSize=12,
            title=None,
            orient="top",
            symbolSize=90,
            labelLimit=200,
            columns=2,
            columnPadding=24,
        ),
        locale={"number": vl_convert.get_format_locale(_LOCALES[language])},
    )
    spec: dict[str, Any] = chart.to_dict()
    return spec


def svg(spec: dict[str, Any]) -> str:
    return str(vl_convert.vegalite_to_svg(spec)).replace(f'href="{_EXAMPLES}', 'href="')


def _months(data: Mapping[str, Any]) -> tuple[alt.LayerChart | alt.FacetChart, int]:
    labels = data["labels"]
    months = [value["month"] for value in data["values"]]
    base = alt.Chart(alt.Data(values=data["values"]))
    x = alt.X("month:N", sort=months, title=None, axis=alt.Axis(labelAngle=-45, grid=False, ticks=False))
    scale = alt.Scale(domain=[labels["won"], labels["quota"]], range=[_MAIN, _SECOND])
    won = base.transform_calculate(of=f"'{_quoted(labels['won'])}'").mark_bar(cornerRadiusEnd=3, size=20)
    quota = (
        base.transform_calculate(of=f"'{_quoted(labels['quota'])}'")
        .transform_filter("isValid(datum.quota)")
        .mark_tick(thickness=3, size=28)
    )
    color = alt.Color("of:N", scale=scale)
    tooltip = alt.Tooltip("text:N", title=" ")
    return (
        won.encode(x=x, y=alt.Y("won:Q", axis=_AMOUNTS), color=color, tooltip=tooltip)
        + quota.encode(x=x, y="quota:Q", color=color, tooltip=tooltip)
    ), 230


def _spread(data: Mapping[str, Any]) -> tuple[alt.LayerChart | alt.FacetChart, int]:
    labels = data["labels"]
    teams = len({value["team"] for value in data["values"]})
    base = alt.Chart(alt.Data(values=data["values"]))
    dots = base.mark_circle(size=150, opacity=0.75, color=_MAIN, stroke="var(--paper)", cursor="pointer").encode(
        x=alt.X(
            "attainment:Q",
            axis=alt.Axis(format=".0%", title=labels["attainment"], tickCount=5),
            scale=alt.Scale(zero=True),
        ),
        y=alt.Y("team:N", title=None, axis=alt.Axis(grid=False, ticks=False, domain=False)),
        href="page:N",
        tooltip=[
            alt.Tooltip("rep:N", title=labels["rep"]),
            alt.Tooltip("team:N", title=labels["team"]),
            alt.Tooltip("text:N", title=labels["attainment"]),
        ],
    )
    goal = (
        alt.Chart(alt.Data(values=[{"goal": 1}]))
        .mark_rule(strokeWidth=2, color=_SECOND, strokeDash=[6, 3])
        .encode(x="goal:Q")
    )
    return goal + dots, max(120, 46 * teams)


def _forecast(data: Mapping[str, Any]) -> tuple[alt.LayerChart | alt.FacetChart, int]:
    labels = data["labels"]
    days = [value["day"] for value in data["values"]]
    parts = ("won_amount", "commit_amount", "best_case_amount")
    x = alt.X("day:N", sort=days, title=None, axis=alt.Axis(labelAngle=-45, grid=False, ticks=False))
    names = [labels[part] for part in (*parts, "projected_amount")]
    color = alt.Color("of:N", scale=alt.Scale(domain=names, range=[_MAIN, _PALE, _GREY, _SECOND]))
    long = [
        {"day": value["day"], "of": labels[part], "amount": value[part] or 0, "order": order}
        for value in data["values"]
        for order, part in enumerate(parts)
    ]
    bars = (
        alt.Chart(alt.Data(values=long))
        .mark_bar(size=19)
        .encode(x=x, y=alt.Y("amount:Q", axis=_AMOUNTS), color=color, order="order:O")
    )
    projected = [
        {"day": value["day"], "of": labels["projected_amount"], "amount": value["projected_amount"]}
        for value in data["values"]
        if value["projected_amount"] is not None
    ]
    line = (
        alt.Chart(alt.Data(values=projected))
        .mark_line(strokeWidth=3, point=alt.OverlayMarkDef(size=45, filled=True))
        .encode(x=x, y="amount:Q", color=color)
    )
    return bars + line, 230


def _accuracy(data: Mapping[str, Any]) -> tuple[alt.LayerChart | alt.FacetChart, int]:
    labels = data["labels"]
    color = alt.Color("method:N", scale=alt.Scale(domain=data["order"], range=[_FOURTH, _MAIN, _SECOND]))
    line = (
        alt.Chart(alt.Data(values=data["values"]))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=40, filled=True))
        .encode(
            x=alt.X(
                "weeks:Q",
                scale=alt.Scale(reverse=True),
                axis=alt.Axis(title=labels["weeks"], tickMinStep=1, grid=False),
            ),
            y=alt.Y("error:Q", axis=alt.Axis(format=".0%", title=labels["error"], tickCount=5)),
            color=color,
            shape=alt.Shape("method:N", legend=None),
        )
    )
    return alt.layer(line), 230


def _waterfall(data: Mapping[str, Any]) -> tuple[alt.LayerChart | alt.FacetChart, int]:
    steps = [value["step"] for value in data["values"]]
    base = alt.Chart(alt.Data(values=data["values"]))
    y = alt.Y("step:N", sort=steps, title=None, axis=alt.Axis(grid=False, ticks=False, domain=False))
    room = 1.2 * max(max(value["from"], value["to"]) for value in data["values"])
    kinds = alt.Scale(domain=["level", "more", "less"], range=[_MAIN, _THIRD, _SECOND])
    bars = base.mark_bar(cornerRadius=2, size=18).encode(
        x=alt.X("from:Q", axis=_AMOUNTS, scale=alt.Scale(domainMax=room)),
        x2="to:Q",
        y=y,
        color=alt.Color("kind:N", scale=kinds, legend=None),
    )
    texts = (
        base.transform_calculate(end="max(datum.from, datum.to)")
        .mark_text(align="left", dx=6, color=_INK, fontSize=12)
        .encode(x="end:Q", y=y, text="text:N")
    )
    return bars + texts, 30 * len(steps)


def _funnel(data: Mapping[str, Any]) -> tuple[alt.LayerChart | alt.FacetChart, int]:
    stages = [value["stage"] for value in data["values"]]
    base = alt.Chart(alt.Data(values=data["values"]))
    y = alt.Y("stage:N", sort=stages, title=None, axis=alt.Axis(grid=False, ticks=False, domain=False))
    # For the text after the longest bar.
    room = 1.4 * max(value["reached"] for value in data["values"])
    kinds = alt.Scale(domain=["stage", "narrow"], range=[_MAIN, _SECOND])
    reached = base.mark_bar(cornerRadiusEnd=3, size=22, color=_PALE).encode(
        x=alt.X("reached:Q", axis=alt.Axis(title=None, tickCount=5, tickMinStep=1), scale=alt.Scale(domainMax=room)),
        y=y,
    )
    advanced = base.mark_bar(cornerRadiusEnd=3, size=22).encode(
        x="advanced:Q", y=y, color=alt.Color("kind:N", scale=kinds, legend=None)
    )
    texts = base.mark_text(align="left", dx=6, color=_INK, fontSize=12).encode(x="reached:Q", y=y, text="text:N")
    return reached + advanced + texts, 38 * len(stages)


def _quoted(text: str) -> str:
    """A text within the quotes of a Vega expression."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


_KINDS = {
    "months": _months,
    "spread": _spread,
    "forecast": _forecast,
    "accuracy": _accuracy,
    "waterfall": _waterfall,
    "funnel": _funnel,
}
