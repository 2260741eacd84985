"""A sweep as one HTML file that loads nothing, with its picture as SVG."""

from __future__ import annotations

import itertools
import math
from html import escape

from selector.report import svg
from selector.report.html import laid, template
from selector.report.numbers import short
from selector.report.sweep import end, headline, tables
from selector.report.sweep_chart import log_of, share
from selector.report.tabular import share as percent
from selector.types.sweep import Axis, Mark, Point, Sweep, Value

WIDTH, LEFT, RIGHT = 640.0, 96.0, 14.0
HIGH, STRIP, FOOT = 220.0, 26.0, 44.0  # of the curve, of a strip, of the axis below
CELL = 26.0  # height of a row of the map
TURN = 137.5  # degrees of hue from one letter to the next, so that neighbours differ
ROOM = 9.0  # pixels that a letter needs


def page(found: Sweep) -> str:
    """The whole page."""
    return template("sweep.html").render(
        name=found.name,
        headline=headline(found),
        as_of=found.inputs.get("as_of"),
        picture=picture(found),
        tables=[laid(t) for t in tables(found, None)],
    )


def picture(found: Sweep) -> str:
    """Cost and a strip over one axis, a map over two; nothing of more."""
    if len(found.axes) > 2:
        return ""
    body, tall = _line(found) if len(found.axes) == 1 else _map(found)
    about = "; ".join(f"{m.mark}: {m.what}" for m in found.marks)
    return svg.picture("Who comes first", WIDTH, tall, body, about=about)


def _fill(found: Sweep, mark: Mark) -> str:
    """A colour for each letter; grey where nothing is left."""
    if not mark.feasible:
        return "#8886"
    number = [m.mark for m in found.marks].index(mark.mark)
    return f"hsl({number * TURN % 360.0:.0f} 55% 60%)"


def _line(found: Sweep) -> tuple[str, float]:
    axis, ends = found.axes[0], log_of(found)
    parts = []
    if ends is not None:
        for cost in sorted({math.exp(ends[0]), math.exp(ends[1])}):
            y = _height(cost, ends)
            parts.append(svg.line("grid", LEFT, y, WIDTH - RIGHT, y))
            parts.append(svg.words(short(cost), LEFT - 8.0, y + 4.0, text_anchor="end"))
        parts += [_dot(found, p, ends) for p in found.points if p.first and p.first.cost_per_month_usd]
        parts.append(svg.words("USD a month, log scale", LEFT, 10.0, class_="small"))
    edges = _edges(axis, found.points)
    for p, (low, high) in zip(found.points, edges, strict=True):
        parts.append(_box(found, p, _x(low), HIGH, _x(high) - _x(low), STRIP))
    parts.append(svg.words("first", LEFT - 8.0, HIGH + 17.0, text_anchor="end"))
    return "".join(parts) + _below(axis, HIGH + STRIP), HIGH + STRIP + FOOT


def _edges(axis: Axis, points: tuple[Point, ...]) -> list[tuple[float, float]]:
    """Where the part of each point begins and ends, half way to its neighbours, 0 to 1."""
    at = [share(axis, p.at[0]) for p in points]
    middles = [(a + b) / 2.0 for a, b in itertools.pairwise(at)]
    return list(zip([0.0, *middles], [*middles, 1.0], strict=True))


def _x(part: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * part


def _height(cost: float, ends: tuple[float, float]) -> float:
    return HIGH - 18.0 - (HIGH - 44.0) * (math.log(cost) - ends[0]) / ((ends[1] - ends[0]) or 1.0)


def _dot(found: Sweep, p: Point, ends: tuple[float, float]) -> str:
    assert p.first is not None
    cost = p.first.cost_per_month_usd or 1.0
    mark = found.mark(p)
    said = svg.tag("title", escape(_about(found, p)))
    place = {"cx": _x(share(found.axes[0], p.at[0])), "cy": _height(cost, ends)}
    return svg.tag("circle", said, r=4, style=f"fill:{_fill(found, mark)}", **place)


def _map(found: Sweep) -> tuple[str, float]:
    across, up = found.axes
    wide = (WIDTH - LEFT - RIGHT) / len(across.values)
    tall = CELL * len(up.values)
    parts = [svg.words(up.key, LEFT - 8.0, 10.0, class_="small")]
    for p in found.points:
        x = LEFT + wide * across.values.index(p.at[0])
        y = 16.0 + tall - CELL * (up.values.index(p.at[1]) + 1)
        parts.append(_box(found, p, x, y, wide, CELL))
    for i, value in enumerate(up.values):
        parts.append(svg.words(_short(value), LEFT - 8.0, 16.0 + tall - CELL * i - 8.0, text_anchor="end"))
    return "".join(parts) + _below(across, 16.0 + tall), 16.0 + tall + FOOT


def _box(found: Sweep, p: Point, x: float, y: float, wide: float, tall: float) -> str:
    """A cell in the colour of its letter, with the letter where there is room; certain ones are full."""
    mark = found.mark(p)
    sure = 0.45 + 0.55 * (p.first.p_best or 0.0) if p.first else 1.0
    said = svg.tag("title", escape(_about(found, p)))
    style = f"fill:{_fill(found, mark)};fill-opacity:{sure:.2f}"
    box = svg.tag("rect", said, x=x, y=y, width=max(wide, 0.5), height=tall, style=style)
    if wide < ROOM * len(mark.mark):
        return box
    return box + svg.words(mark.mark, x + wide / 2.0, y + tall / 2.0 + 4.0, text_anchor="middle")


def _about(found: Sweep, p: Point) -> str:
    at = ", ".join(f"{a.key} {end(v)}" for a, v in zip(found.axes, p.at, strict=True))
    if p.first is None:
        return f"{at}: {found.mark(p).what}"
    best = "" if p.first.p_best is None else f", first in {percent(p.first.p_best)} of the draws"
    return f"{at}: {p.first.line}, {short(p.first.cost_per_month_usd)} USD a month{best}"


def _below(axis: Axis, y: float) -> str:
    first, last = end(axis.values[0]), end(axis.values[-1])
    name = f"{axis.key}{', log scale' if axis.log else ''}"
    return (
        svg.words(first, LEFT, y + 16.0)
        + svg.words(last, WIDTH - RIGHT, y + 16.0, text_anchor="end")
        + svg.words(name, (LEFT + WIDTH - RIGHT) / 2.0, y + 34.0, text_anchor="middle")
    )


def _short(value: Value) -> str:
    return value[:12] if isinstance(value, str) else short(float(value), 4)
