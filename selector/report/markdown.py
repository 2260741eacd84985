"""Markdown of a recommendation."""

from __future__ import annotations

from selector.report.sections import Table, headline, tables
from selector.types.decision import Recommendation


def recommendation(r: Recommendation) -> str:
    """Headline, then one table a section."""
    parts = [f"# {r.name}", "\n".join(f"{line}  " for line in headline(r))]
    parts += [table(t) for t in tables(r)]
    parts += [recommendation(c) for c in r.components]
    return "\n\n".join(parts) + "\n"


def table(t: Table) -> str:
    """A GitHub table under a heading."""
    rule = ["---:" if c in t.right else "---" for c in t.columns]
    lines = [f"## {t.title}", "", _line(t.columns), _line(rule)]
    lines += [_line(row) for row in t.rows]
    if t.note:
        lines += ["", t.note]
    return "\n".join(lines)


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"
