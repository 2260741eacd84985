"""Cost against quality as a picture of characters, for terminals and Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from selector.report import front
from selector.report.front import Dot, Front
from selector.report.numbers import short
from selector.types.decision import Recommendation

TITLE = "Cost, quality and latency"
ROWS = 11
MARGIN = 7  # characters of the scale on the left
WIDEST = 96
SPEEDS = ("o", "+", "x")
LABELS = "123456789abcdefghijklmnpqrstuvwyz"  # without o and x, which are speeds


def picture(r: Recommendation, width: int) -> list[str]:
    """Lines of the picture with its legend; empty where there is nothing to draw."""
    found = front.of(r)
    if found is None:
        return []
    columns = min(width, WIDEST) - MARGIN - 2
    usd = [d.usd for d in found.dots]
    good = [d.quality for d in found.dots]
    low, high = math.log(min(usd)), math.log(max(usd))
    floor, top = min(good), max(good)
    grid = [[" "] * columns for _ in range(ROWS)]
    at: dict[tuple[int, int], list[Dot]] = {}
    for dot in sorted(found.dots, key=_order):
        x = _place(math.log(dot.usd), low, high, columns)
        y = ROWS - 1 - _place(dot.quality, floor, top, ROWS)
        grid[y][x] = _mark(dot)
        at.setdefault((x, y), []).append(dot)
    lines = []
    for number, row in enumerate(grid):
        value = top - (top - floor) * number / (ROWS - 1)
        scale = f"{value:.3f}" if number in (0, ROWS // 2, ROWS - 1) else ""
        lines.append(f"{scale:>{MARGIN}} |{''.join(row)}".rstrip())
    lines.append(" " * MARGIN + " +" + "-" * columns)
    ends = f"{short(min(usd))} USD/month (log scale)", short(max(usd))
    lines.append(" " * (MARGIN + 2) + ends[0] + ends[1].rjust(columns - len(ends[0])))
    return ["quality index", *lines, *_legend(found), *_shared(at.values())]


def _order(dot: Dot) -> tuple[bool, int]:
    """Shown stacks over the others, the best of them last."""
    return dot.label is not None, -_number(dot)


def _number(dot: Dot) -> int:
    tail = (dot.label or "").rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def _mark(dot: Dot) -> str:
    number = _number(dot)
    return LABELS[number - 1] if 1 <= number <= len(LABELS) else SPEEDS[dot.speed]


def _place(value: float, low: float, high: float, cells: int) -> int:
    return 0 if high <= low else round((cells - 1) * (value - low) / (high - low))


def _shared(places: Iterable[Sequence[Dot]]) -> list[str]:
    """Labels that stand in one place, of which the best is drawn."""
    rows = [sorted((d for d in dots if d.label and _number(d)), key=_number) for dots in places]
    told = [
        f"{_mark(row[0])} over {', '.join(_mark(d) for d in row[1:])}"
        for row in sorted((r for r in rows if len(r) > 1), key=lambda r: _number(r[0]))
    ]
    return [f"in one place: {'; '.join(told)}"] if told else []


def _legend(found: Front) -> list[str]:
    """What the marks mean; speeds stand beside the labels of stacks that hide theirs."""
    names = [
        f"up to {short(found.cuts[0])} ms" if found.cuts else "any",
        *(f"up to {short(c)} ms" for c in found.cuts[1:]),
        *(f"over {short(c)} ms" for c in found.cuts[-1:]),
    ]
    used = sorted({d.speed for d in found.dots})
    speeds = ", ".join(f"{SPEEDS[i]} {names[i]}" for i in used)
    labelled = sorted((d for d in found.dots if d.label and _number(d)), key=_number)
    shown = ", ".join(f"{_mark(d)} = {d.label} {SPEEDS[d.speed]}" for d in labelled)
    lines = [f"request p95: {speeds}; without a label: not among the stacks shown, and none betters them"]
    lines += [f"not drawn: {found.dearer} dearer ones that none betters"] if found.dearer else []
    return [*lines, *([f"labels, with their speed: {shown}"] if shown else [])]
