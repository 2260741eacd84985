"""Pictures of the HTML report: cost against quality, weights that keep the winner, shares of the draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from selector.report import front, svg
from selector.report.front import Dot
from selector.report.numbers import short
from selector.report.tabular import named, share
from selector.types.decision import Recommendation
from selector.types.robust import Share, StackRef

Box = tuple[float, float, float, float]

WIDTH, LEFT, RIGHT = 640.0, 62.0, 18.0
TALL = 300.0  # of the picture of cost and quality
ROW, SPAN = 30.0, 50.0  # height of a bar with its gap, of a bar with words under it
NAMES = 172.0  # room for words on the left of bars
LETTER = 7.8  # width of a letter of a label
SHOWN = 8  # stacks in the picture of shares


def cost_and_quality(r: Recommendation) -> str:
    """Cost (log) against quality; shape and colour say how fast; empty where there is nothing to draw."""
    found = front.of(r)
    if found is None:
        return ""
    usd = [d.usd for d in found.dots]
    good = [d.quality for d in found.dots]
    low, high = math.log(min(usd)) - 0.08, math.log(max(usd)) + 0.08
    pad = 0.06 * ((max(good) - min(good)) or 1.0)
    floor, top = min(good) - pad, max(good) + pad

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(value) - low) / (high - low)

    def y(value: float) -> float:
        return TALL - 44.0 - (TALL - 60.0) * (value - floor) / (top - floor)

    ticks = front.ticks(min(usd), max(usd)) or [min(usd)]
    every = math.ceil(len(ticks) / 7)
    grid = "".join(
        svg.line("grid", x(t), 16.0, x(t), TALL - 44.0)
        + svg.words(short(t), x(t), TALL - 28.0, text_anchor="middle")
        for t in ticks[::every]
    )
    levels = [floor + pad + (top - floor - 2 * pad) * i / 4 for i in range(5)]
    grid += "".join(
        svg.line("grid", LEFT, y(v), WIDTH - RIGHT, y(v))
        + svg.words(f"{v:.3f}", LEFT - 8.0, y(v) + 4.0, text_anchor="end")
        for v in levels
    )
    placed = [(d, x(d.usd), y(d.quality)) for d in found.dots]
    dots = "".join(_dot(d, at, up) for d, at, up in sorted(placed, key=lambda p: p[0].label is not None))
    dots += _labels(placed)
    axes = svg.words("USD a month, log scale", (LEFT + WIDTH - RIGHT) / 2, TALL - 8.0, text_anchor="middle")
    axes += svg.words("quality index", LEFT - 8.0, 10.0, text_anchor="start")
    about = "; ".join(
        f"{d.name}: {short(d.usd)} USD a month, quality {short(d.quality)}, {short(d.latency_ms)} ms"
        for d in found.dots
    )
    return svg.picture("Cost against quality of the stacks", WIDTH, TALL, grid + axes + dots, about=about)


def _dot(d: Dot, x: float, y: float) -> str:
    """Circle, square or triangle from fast to slow; filled where no stack betters it."""
    kind = f"dot speed{d.speed}{'' if d.on_front else ' open'}"
    says = svg.tag(
        "title",
        escape(f"{d.name}: {short(d.usd)} USD/month, quality {short(d.quality)}, {short(d.latency_ms)} ms"),
    )
    if d.speed == 0:
        shape = svg.tag("circle", says, class_=kind, cx=x, cy=y, r=6)
    elif d.speed == 1:
        shape = svg.tag("rect", says, class_=kind, x=x - 5.5, y=y - 5.5, width=11, height=11)
    else:
        points = f"{x:.1f},{y - 7:.1f} {x + 7:.1f},{y + 5.5:.1f} {x - 7:.1f},{y + 5.5:.1f}"
        shape = svg.tag("polygon", says, class_=kind, points=points)
    return shape


def _labels(placed: Sequence[tuple[Dot, float, float]]) -> str:
    """Labels beside their dots, each where it covers no dot and no label before it, if it can."""
    taken = [(x - 7.0, y - 7.0, x + 7.0, y + 7.0) for _, x, y in placed]
    found = []
    for dot, x, y in placed:
        if not dot.label:
            continue
        wide = LETTER * len(dot.label)
        places = [(x + right, y + down) for down in (4.0, -9.0, 18.0) for right in (10.0, -10.0 - wide)]
        boxes = [(left, base - 11.0, left + wide, base + 2.0) for left, base in places]
        free = [b for b in boxes if b[2] < WIDTH and b[0] > LEFT and not any(_meet(b, t) for t in taken)]
        box = free[0] if free else boxes[2]
        taken.append(box)
        found.append(svg.words(dot.label, box[0], box[3] - 2.0, class_="label"))
    return "".join(found)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def speeds(r: Recommendation) -> list[tuple[int, str]]:
    """Classes of the picture with their words, for its legend."""
    found = front.of(r)
    if found is None:
        return []
    cuts = [short(c) for c in found.cuts]
    if not cuts:
        return [(0, "all about equally fast")]
    return [
        *((i, f"request p95 up to {c} ms") for i, c in enumerate(cuts)),
        (len(cuts), f"over {cuts[-1]} ms"),
    ]


def dearer(r: Recommendation) -> str:
    """A sentence on stacks that are not drawn, where there are any."""
    found = front.of(r)
    return f" Not drawn: {found.dearer} dearer ones." if found and found.dearer else ""


def stability(r: Recommendation) -> str:
    """For each weight the span that keeps the winner, with the weight now and who takes over at the ends."""
    rows = r.robustness.intervals if r.robustness else ()
    if not rows:
        return ""
    span = WIDTH - NAMES - 20.0
    parts = []
    for i, w in enumerate(rows):
        y = 10.0 + i * SPAN
        start, end = NAMES + span * w.low / 100.0, NAMES + span * w.high / 100.0
        label = f"{w.criterion}, now {w.weight:.0f} %"
        parts.append(svg.words(label, NAMES - 12.0, y + 16.0, text_anchor="end"))
        parts.append(svg.tag("rect", class_="track", x=NAMES, y=y, width=span, height=22, rx=3))
        parts.append(
            svg.tag("rect", class_="bar", x=start, y=y, width=max(end - start, 1.0), height=22, rx=3)
        )
        now = NAMES + span * w.weight / 100.0
        parts.append(svg.line("now", now, y - 4.0, now, y + 26.0))
        parts.append(svg.words(_end(w.low, w.rival_low), NAMES, y + 37.0, class_="small"))
        high = _end(w.high, w.rival_high)
        parts.append(svg.words(high, NAMES + span, y + 37.0, text_anchor="end", class_="small"))
    about = "; ".join(f"{w.criterion} {w.low:.0f} to {w.high:.0f} %, now {w.weight:.0f} %" for w in rows)
    title = "Weights at which the same stack stays first"
    return svg.picture(title, WIDTH, 10.0 + len(rows) * SPAN, "".join(parts), about=about)


def _end(percent: float, rival: StackRef | None) -> str:
    return f"{percent:.0f} %" + (f": {_cut(named(rival), 30)}" if rival else "")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def acceptability(r: Recommendation) -> str:
    """Share of the draws in which a stack comes first (full) and among the first three (pale)."""
    rows = shown_shares(r)
    if not rows:
        return ""
    span = WIDTH - NAMES - 70.0
    parts = []
    for i, x in enumerate(rows):
        y = 8.0 + i * ROW
        parts.append(svg.words(_cut(named(x.stack), 20), NAMES - 12.0, y + 15.0, text_anchor="end"))
        parts.append(svg.tag("rect", class_="track", x=NAMES, y=y, width=span, height=20, rx=3))
        parts.append(svg.tag("rect", class_="pale", x=NAMES, y=y, width=span * x.p_top3, height=20, rx=3))
        parts.append(svg.tag("rect", class_="bar", x=NAMES, y=y, width=span * x.p_best, height=20, rx=3))
        parts.append(svg.words(share(x.p_best), NAMES + span + 8.0, y + 15.0))
    about = "; ".join(
        f"{named(x.stack)} first in {share(x.p_best)}, top three in {share(x.p_top3)}" for x in rows
    )
    title = "Share of the draws in which a stack comes first"
    return svg.picture(title, WIDTH, 12.0 + len(rows) * ROW, "".join(parts), about=about)


def shown_shares(r: Recommendation) -> list[Share]:
    """The stacks that come first most often."""
    rows = r.robustness.shares if r.robustness else ()
    found = sorted(rows, key=lambda x: (-x.p_best, x.expected_rank, x.stack.id))
    return [x for x in found if x.p_top3 > 0][:SHOWN]
