"""A sweep as JSON, text and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from selector.report import markdown, sweep_chart
from selector.report.numbers import plain, short
from selector.report.table import render
from selector.report.tabular import Table, share
from selector.types.sweep import Point, Region, Sweep, Value

SCHEMA_VERSION = 1
SHOWN = 40  # points of the table on a screen
ENDS = 6  # significant digits of a value of an axis
WIDTH = 100


def as_dict(found: Sweep) -> dict[str, Any]:
    """Plain values; the schema is `rules/schemas/sweep.json`."""
    keys = [a.key for a in found.axes]
    made: dict[str, Any] = plain(
        {
            "schema_version": SCHEMA_VERSION,
            "kind": "sweep",
            "name": found.name,
            "axes": [{"key": a.key, "log": a.log, "values": a.values} for a in found.axes],
            "marks": [
                {"mark": m.mark, "feasible": m.feasible, "what": m.what, "points": m.points}
                for m in found.marks
            ],
            "regions": [_region(r, keys) for r in found.regions],
            "points": [_point(found, p, keys) for p in found.points],
            "refined": found.refined,
            "inputs": dict(found.inputs),
        }
    )
    return made


def _region(r: Region, keys: Sequence[str]) -> dict[str, Any]:
    return {
        "mark": r.mark,
        "points": r.points,
        "at": dict(zip(keys, (r.along, *r.others), strict=True)),
        "until": r.until,
        "cost_per_month_usd": r.cost,
        "p_best": r.p_best,
        "margin_points": r.margin_points,
    }


def _point(found: Sweep, p: Point, keys: Sequence[str]) -> dict[str, Any]:
    first = asdict(p.first) if p.first else None
    if first is not None:
        del first["choice"]
        first["prices"] = [dict(zip(("kind", "source", "as_of"), x, strict=True)) for x in first["prices"]]
    return {
        "at": dict(zip(keys, p.at, strict=True)),
        "mark": found.mark(p).mark,
        "first": first,
        "broken": p.broken,
        "needed": p.needed,
    }


def tables(found: Sweep, most: int | None) -> list[Table]:
    """Letters, regions and points; not more than `most` points, all where it is None."""
    made = [_marks(found), _regions(found)]
    if most is None or len(found.points) <= most:
        made.append(_points(found))
    return made


def headline(found: Sweep) -> str:
    """How many points, and what came of them."""
    won = [m for m in found.marks if m.feasible]
    open_ = sum(m.points for m in found.marks if not m.feasible)
    added = f", {found.refined} of them to find the boundaries" if found.refined else ""
    said = [
        *(["one stack comes first"] if len(won) == 1 else []),
        *([f"{len(won)} different stacks come first"] if len(won) > 1 else []),
        *([f"nothing is left at {_count(open_, 'point')}"] if open_ else []),
    ]
    return f"{_count(len(found.points), 'point')}{added}: {'; '.join(said)}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def as_text(found: Sweep, terminal: bool = False, width: int | None = None) -> str:
    """Picture and tables for a terminal."""
    drawn = sweep_chart.picture(found, width or WIDTH)
    parts = [found.name, headline(found), *(["\n".join(drawn)] if drawn else [])]
    parts.append(render(tables(found, SHOWN), terminal, width).rstrip("\n"))
    if len(found.points) > SHOWN:
        parts.append(f"{len(found.points):,} points: --format json, markdown or html has each of them")
    return "\n\n".join(parts) + "\n"


def as_markdown(found: Sweep) -> str:
    """The same, with every point."""
    parts = [f"# {found.name}: sweep", headline(found)]
    if drawn := sweep_chart.picture(found, WIDTH):
        parts.append("\n".join(["```text", *drawn, "```"]))
    parts += [markdown.table(t) for t in tables(found, None)]
    return "\n\n".join(parts) + "\n"


def end(value: Value) -> str:
    """A value of an axis."""
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else short(value, ENDS)


def _span(low: Value, high: Value) -> str:
    return end(low) if low == high else f"{end(low)} .. {end(high)}"


def _marks(found: Sweep) -> Table:
    rows = tuple(
        (m.mark, m.what if m.feasible else f"nothing is left: {m.what}", f"{m.points:,}") for m in found.marks
    )
    note = "A capital letter is a stack, whatever its number of devices, offer, engine and layout"
    return Table(
        "Who comes first",
        ("mark", "stack, or the limits that break", "points"),
        rows,
        frozenset({"points"}),
        note,
    )


def _regions(found: Sweep) -> Table:
    first, *others = (a.key for a in found.axes)
    columns = (first, *others, "mark", "points", "USD/month", "P(best)", "margin, points", "next from")
    rows = tuple(
        (
            _span(*r.along),
            *(_span(*ends) for ends in r.others),
            r.mark,
            f"{r.points:,}",
            _figures(r.cost, short),
            _figures(r.p_best, share),
            _figures(r.margin_points, short),
            "" if r.until is None else f"{end(r.until[0])} to {end(r.until[1])}",
        )
        for r in found.regions
    )
    right = frozenset(columns) - {"mark", "next from"}
    note = (
        "The margin is the lead over the best stack of another choice; the boundary to the next lies "
        "between the two values under `next from`"
    )
    return Table(f"Regions along {first}", columns, rows, right, note)


def _figures(span: tuple[float, float] | None, said: Any) -> str:
    if span is None:
        return ""
    low, high = (said(x) for x in span)
    return str(low) if low == high else f"{low} .. {high}"


def _points(found: Sweep) -> Table:
    keys = tuple(a.key for a in found.axes)
    columns = (*keys, "mark", "points", "P(best)", "margin", "USD/month", "first, or what it would take")
    rows = []
    for p in found.points:
        f = p.first
        figures = (
            (
                short(f.score),
                "" if f.p_best is None else share(f.p_best),
                "" if f.margin_points is None else short(f.margin_points),
                short(f.cost_per_month_usd),
                f.line + (" (provisional)" if f.provisional else ""),
            )
            if f
            else ("", "", "", "", "; ".join(p.needed or p.broken))
        )
        rows.append((*(end(v) for v in p.at), found.mark(p).mark, *figures))
    right = frozenset((*keys, "points", "P(best)", "margin", "USD/month"))
    return Table("Points", columns, tuple(rows), right)
