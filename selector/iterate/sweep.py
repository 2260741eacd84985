"""From points to regions: where each choice comes first, and where nothing is left for which reason."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from selector.iterate.axes import middle
from selector.types.sweep import Axis, First, Mark, Point, Region, Sweep, Value

At = tuple[Value, ...]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NOTHING = "no stack is left"


def refine(
    one: Axis,
    points: Mapping[At, Point],
    tolerance: float,
    most: int,
    compute: Callable[[Sequence[At]], Mapping[At, Point]],
) -> tuple[dict[At, Point], int]:
    """More points of a single axis, at most so many, until every boundary is known to `tolerance` of its
    value or of the range; what turns up between two regions has boundaries of its own. Gives the number of
    boundaries that are left wider."""
    found = dict(points)
    while wanted := list(_between(one, found, tolerance)):
        room = most - (len(found) - len(points))
        if room <= 0:
            break
        found |= compute(wanted[:room])
    return found, len(wanted)


def _between(one: Axis, points: Mapping[At, Point], tolerance: float) -> Iterator[At]:
    ordered = sorted(points.values(), key=lambda p: float(p.at[0]))
    # A boundary at 0 has no value to be a share of; a logarithmic axis has none there.
    least = 0.0 if one.log else float(one.values[-1]) - float(one.values[0])
    for low, high in itertools.pairwise(ordered):
        a, b = float(low.at[0]), float(high.at[0])
        if low.key == high.key or b - a <= tolerance * max(abs(a), abs(b), least):
            continue
        at = middle(one, low.at[0], high.at[0])
        if at is not None:
            yield (at,)


def sweep(
    name: str, axes: Sequence[Axis], points: Mapping[At, Point], inputs: Mapping[str, object], refined: int
) -> Sweep:
    """Points in order, with the letters and regions that they give."""
    ordered = tuple(points[at] for at in _order(axes, points))
    marks = _marks(ordered)
    return Sweep(name, tuple(axes), ordered, marks, tuple(_regions(axes, ordered, marks)), refined, inputs)


def _order(axes: Sequence[Axis], points: Iterable[At]) -> list[At]:
    """By the last axis first, so that runs along the first axis stand together."""

    def place(at: At) -> tuple[float, ...]:
        where = [float(v) if a.numeric else a.values.index(v) for a, v in zip(axes, at, strict=True)]
        return tuple(reversed(where))

    return sorted(points, key=place)


def _marks(points: Sequence[Point]) -> tuple[Mark, ...]:
    """Letters for what comes first, capital, and for what leaves nothing, small, as they appear."""
    found: dict[tuple[str, tuple[str | None, ...]], list[Point]] = {}
    for p in points:
        found.setdefault(p.key, []).append(p)
    made = []
    for feasible in (True, False):
        rows = [(k, same) for k, same in found.items() if (k[0] == "first") is feasible]
        for number, (key, same) in enumerate(rows):
            mark = letter(number) if feasible else letter(number).lower()
            made.append(Mark(mark, _what(same[0]), feasible, len(same), key))
    return tuple(made)


def letter(number: int) -> str:
    """A to Z, then A1 to Z1 and so on."""
    round_, place = divmod(number, len(LETTERS))
    return LETTERS[place] + (str(round_) if round_ else "")


def _what(point: Point) -> str:
    if point.first is None:
        return ", ".join(point.broken) or NOTHING
    parts = [
        " ".join(x for x in point.first.choice[i : i + 4] if x) for i in range(0, len(point.first.choice), 4)
    ]
    return "; ".join(parts)


def _regions(axes: Sequence[Axis], points: Sequence[Point], marks: Sequence[Mark]) -> Iterator[Region]:
    """Runs along the first axis; lines of neighbouring values of the last axis with equal runs are one."""
    names = {m.key: m.mark for m in marks}
    lines = [(other, list(same)) for other, same in itertools.groupby(points, key=lambda p: p.at[1:])]

    def shape(line: tuple[At, list[Point]]) -> object:
        other, same = line
        return other[:-1], [
            (k, [p.at[0] for p in run]) for k, run in itertools.groupby(same, key=lambda p: p.key)
        ]

    for _, alike in itertools.groupby(lines, key=shape) if len(axes) > 1 else ((None, iter(lines)),):
        block = list(alike)
        ends = tuple(zip(block[0][0], block[-1][0], strict=True))
        runs = [[list(r) for _, r in itertools.groupby(same, key=lambda p: p.key)] for _, same in block]
        for number, first in enumerate(runs[0]):
            following = runs[0][number + 1] if number + 1 < len(runs[0]) else None
            until = (first[-1].at[0], following[0].at[0]) if following else None
            members = [p for line in runs for p in line[number]]
            yield _region(names[first[0].key], (first[0].at[0], first[-1].at[0]), ends, until, members)


def _region(
    mark: str,
    along: tuple[Value, Value],
    others: tuple[tuple[Value, Value], ...],
    until: tuple[Value, Value] | None,
    members: Sequence[Point],
) -> Region:
    firsts = [p.first for p in members if p.first]
    return Region(
        mark,
        len(members),
        along,
        others,
        until,
        _span(firsts, "cost_per_month_usd"),
        _span(firsts, "p_best"),
        _span(firsts, "margin_points"),
    )


def _span(firsts: Sequence[First], name: str) -> tuple[float, float] | None:
    values = [v for f in firsts if (v := getattr(f, name)) is not None]
    return (min(values), max(values)) if values else None
