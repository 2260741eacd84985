"""Pictures of a sweep: of one axis cost over the values with a strip of letters, of two a map of letters."""

from __future__ import annotations

import math

from selector.report.numbers import short
from selector.types.sweep import Axis, Sweep, Value

ROWS = 10
MARGIN = 12  # characters of the scale on the left
GAP = 2


def picture(found: Sweep, width: int) -> list[str]:
    """Lines of the picture; none of more than two axes."""
    if len(found.axes) == 1:
        return _line(found, max(width - MARGIN - GAP, ROWS))
    if len(found.axes) == 2:
        return _map(found, max(width - MARGIN - GAP, ROWS))
    return []


def share(one: Axis, value: Value) -> float:
    """Where a value lies between the ends of its axis, 0 to 1; words stand at equal distances."""
    if not one.numeric:
        return one.values.index(value) / max(len(one.values) - 1, 1)
    low, high, at = (float(v) for v in (one.values[0], one.values[-1], value))
    if high == low:
        return 0.0
    return math.log(at / low) / math.log(high / low) if one.log else (at - low) / (high - low)


def log_of(found: Sweep) -> tuple[float, float] | None:
    """Logarithms of the lowest and the highest cost; None where no cost is known."""
    usd = [c for p in found.points if p.first and (c := p.first.cost_per_month_usd)]
    return (math.log(min(usd)), math.log(max(usd))) if usd else None


def _line(found: Sweep, columns: int) -> list[str]:
    """Cost of what comes first over one axis, and under it who it is at every place."""
    axis, ends = found.axes[0], log_of(found)
    lines = []
    if ends is not None:
        rows = ROWS if ends[1] > ends[0] else 1
        grid = [[" "] * columns for _ in range(rows)]
        for p in found.points:
            cost = p.first.cost_per_month_usd if p.first else None
            if cost:
                y = _place((math.log(cost) - ends[0]) / ((ends[1] - ends[0]) or 1.0), rows)
                grid[rows - 1 - y][_place(share(axis, p.at[0]), columns)] = found.mark(p).mark[0]
        lines.append("USD a month of the stack that comes first, log scale")
        for number, row in enumerate(grid):
            value = math.exp(ends[1] - (ends[1] - ends[0]) * number / max(rows - 1, 1))
            scale = short(value) if number in (0, rows - 1) else ""
            lines.append(f"{scale:>{MARGIN}} |{''.join(row)}".rstrip())
    strip = "".join(_nearest(found, i / max(columns - 1, 1)) for i in range(columns))
    lines.append(f"{'first':>{MARGIN}} |{strip}")
    return [*lines, *_below(axis, columns)]


def _nearest(found: Sweep, at: float) -> str:
    axis = found.axes[0]
    return found.mark(min(found.points, key=lambda p: abs(share(axis, p.at[0]) - at))).mark[0]


def _place(part: float, cells: int) -> int:
    return round((cells - 1) * min(max(part, 0.0), 1.0))


def _map(found: Sweep, columns: int) -> list[str]:
    """A letter for each point, the first axis to the right and the second upwards."""
    across, up = found.axes
    marks = {p.at: found.mark(p).mark for p in found.points}
    step = math.ceil(len(across.values) / columns)  # more values than columns: some are left out
    shown = across.values[::step]
    wide = min(columns // len(shown), 6) or 1
    lines = [f"{up.key} upwards" + (f", every {step}th value to the right" if step > 1 else "")]
    for value in reversed(up.values):
        row = "".join(marks[(x, value)][:wide].ljust(wide) for x in shown)
        lines.append(f"{_said(value):>{MARGIN}} |{row}".rstrip())
    return [*lines, *_below(across, wide * len(shown))]


def _below(axis: Axis, columns: int) -> list[str]:
    """The axis with its ends."""
    first, last = _said(axis.values[0]), _said(axis.values[-1])
    middle = f"{axis.key}{', log scale' if axis.log else ''}"
    room = columns - len(first) - len(last)
    text = first + (middle.center(room) if room > len(middle) + 1 else " " * max(room, 1)) + last
    rest = [] if room > len(middle) + 1 else [" " * (MARGIN + GAP) + middle]
    return [" " * MARGIN + " +" + "-" * columns, " " * (MARGIN + GAP) + text, *rest]


def _said(value: Value) -> str:
    return value[:MARGIN] if isinstance(value, str) else short(float(value), 4)
