"""Markdown of a recommendation."""

from __future__ import annotations

from selector.report import chart, composites, ranking, sections
from selector.report.screen import Line, screens, together
from selector.report.tabular import Table
from selector.types.decision import Recommendation

WIDTH = 80  # characters of the picture


def recommendation(r: Recommendation) -> str:
    """Screen, picture and one table a section; components one under another."""
    parts = [f"# {r.name}"]
    if r.components:
        parts += [lines(together(r)), *([table(t) for t in _joint(r)])]
    for number, (name, part, said) in enumerate(screens(r), 1):
        if r.components:
            parts.append(f"# Component {number} of {len(r.parts)}: {name}")
        parts.append(lines(said))
        if part.stacks:
            parts += [table(t) for t in (ranking.full(part), *composites.tables(part.composites))]
        if drawn := chart.picture(part, WIDTH):
            parts.append("\n".join([f"## {chart.TITLE}", "", "```text", *drawn, "```"]))
        parts += [table(t) for t in sections.details(part, brief=False)]
    return "\n\n".join(parts) + "\n"


def _joint(r: Recommendation) -> list[Table]:
    return [sections.together(r), *composites.tables(r.joint.composites)] if r.joint else []


def lines(found: list[Line]) -> str:
    """Labelled lines as a list; a line without a label goes on with the one before it."""
    made: list[str] = []
    for line in found:
        text = "; ".join(line.pieces)
        if line.label or not made:
            made.append(f"- **{line.label}** {text}".rstrip())
        else:
            made[-1] += "  "  # a hard line break
            made.append(f"  {text}")
    return "\n".join(made)


def table(t: Table) -> str:
    """A GitHub table under a heading."""
    rule = ["---:" if c in t.right else "---" for c in t.columns]
    found = [f"## {t.title}", ""]
    if t.rows:
        found += [_line(t.columns), _line(rule), *(_line(row) for row in t.rows)]
    if t.note:
        found += ["", t.note]
    return "\n".join(found)


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"
