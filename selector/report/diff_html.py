"""Differences of two recommendations as one HTML file that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selector.report import diff_tables
from selector.report.html import laid, template
from selector.report.numbers import short

WIDTH, ROW, LEFT, GAP = 640, 26, 190, 90  # px
FIGURES = ("score", "cost_per_month_usd")


def page(found: Mapping[str, Any], titles: tuple[str, str]) -> str:
    """The whole page."""
    return template("diff.html").render(
        old=titles[0],
        new=titles[1],
        joint=[laid(t) for t in diff_tables.together(found)] if "joint" in found else [],
        several=bool(found.get("components")),
        parts=[_part(name, part) for name, part in diff_tables.parts(found)],
    )


def _part(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "headline": diff_tables.headline(part),
        "changed": part["winner"]["changed"],
        "lines": [{"label": label, "rows": rows} for label, rows in diff_tables.lines(part)],
        "pictures": _pictures(part),
        "tables": [laid(t) for t in diff_tables.tables(part, None)],
    }


def _pictures(part: Mapping[str, Any]) -> list[dict[str, str]]:
    """From old to new, one step a group of inputs, where they are told apart."""
    old = {e["figure"]: e["old"] for e in part["estimates"] if e["stack"] == diff_tables.FIRST}
    found = []
    for row in part["attribution"]["figures"]:
        told = all(row[g] is not None for g in diff_tables.GROUPS)
        if row["stack"] == diff_tables.FIRST and row["figure"] in FIGURES and told:
            parts = [(g, row[g]) for g in diff_tables.GROUPS if row[g]]
            title = f"First place, {diff_tables.WORDS[row['figure']]}"
            found.append({"title": title, "svg": _steps(title, old[row["figure"]], parts)})
    return found


def _steps(title: str, start: float, parts: Sequence[tuple[str, float]]) -> str:
    """A waterfall: bars from one value to the next, the axis over the values that occur."""
    from html import escape

    at, bars = start, [("old", start, start)]
    for name, change in parts:
        bars.append((diff_tables.HEADS.get(name, name), at, at + change))
        at += change
    bars.append(("new", at, at))
    values = [x for _, a, b in bars for x in (a, b)]
    low, high = min(values), max(values)
    unit = (WIDTH - LEFT - GAP) / ((high - low) or 1.0)
    rows = []
    for i, (name, a, b) in enumerate(bars):
        x, wide, y = LEFT + (min(a, b) - low) * unit, max(abs(b - a) * unit, 3.0), i * ROW
        kind = "total" if a == b else "up" if b > a else "down"
        said = short(a) if a == b else f"{'+' if b > a else '-'}{short(abs(b - a))}"
        rows.append(
            f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{kind}" x="{x:.1f}" y="{y + 5}" width="{wide:.1f}" height="{ROW - 10}"/>'
            f'<text x="{x + wide + 6:.1f}" y="{y + 17}">{escape(said)}</text>'
        )
    size = f'viewBox="0 0 {WIDTH} {len(bars) * ROW}"'
    return f'<svg class="steps" {size} role="img" aria-label="{escape(title)}">{"".join(rows)}</svg>'
