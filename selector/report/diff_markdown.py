"""Differences of two recommendations as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selector.report import diff_tables
from selector.report.markdown import table
from selector.report.tabular import Table

# By which a comment is found again, so that it is replaced and not repeated.
TAG = "<!-- selector-diff -->"
OPEN = 1  # tables above the fold


def as_markdown(found: Mapping[str, Any], titles: tuple[str, str]) -> str:
    """A headline, what it is due to, the figures, and the rest behind a fold."""
    parts = [TAG, f"**selector diff** of `{titles[0]}` and `{titles[1]}`"]
    if "joint" in found:
        parts.extend(table(t) for t in diff_tables.together(found))
    for name, part in diff_tables.parts(found):
        if name:
            parts.append(f"## Component {name}")
        parts.append(_lines(part))
        tables = diff_tables.tables(part)
        parts += [table(t) for t in tables[:OPEN]]
        if tables[OPEN:]:
            parts.append(_fold(tables[OPEN:]))
    return "\n\n".join(parts) + "\n"


def _lines(part: Mapping[str, Any]) -> str:
    made = []
    for label, rows in diff_tables.lines(part):
        made.append(f"- **{label}** " + "; ".join(rows).replace("<", "&lt;"))
    return "\n".join(made)


def _fold(tables: list[Table]) -> str:
    titles = ", ".join(t.title[0].lower() + t.title[1:] for t in tables)
    inner = "\n\n".join(table(t) for t in tables)
    return f"<details><summary>{titles}</summary>\n\n{inner}\n\n</details>"
