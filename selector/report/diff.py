"""Differences of two recommendations as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selector.report import diff_tables
from selector.report.json import dumps
from selector.report.numbers import plain
from selector.report.table import render, wrapped

EXACT = 12  # decimals of attributed parts, so that they sum to the change
WIDTH = 160


def as_text(found: Mapping[str, Any], terminal: bool = False, width: int | None = None) -> str:
    """Lines and tables for a terminal; components one under another."""
    made = []
    if "joint" in found:
        made.append(render(diff_tables.together(found), terminal, width).rstrip("\n"))
    for name, part in diff_tables.parts(found):
        if name:
            made.append(f"component {name}")
        said = [f"{label}: {line}" for label, rows in diff_tables.lines(part) for line in rows]
        made.append("\n".join(piece for line in said for piece in wrapped(line, width or WIDTH)))
        tables = diff_tables.tables(part)
        if tables:
            made.append(render(tables, terminal, width).rstrip("\n"))
    return "\n\n".join(made) + "\n"


def as_json(found: Mapping[str, Any]) -> str:
    """All of it, figures with six digits; what is attributed is exact, so that it sums."""
    return dumps(_rounded(found))


def _rounded(found: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = plain(dict(found))
    made["attribution"]["figures"] = [_exact(row) for row in found["attribution"]["figures"]]
    if "components" in found:
        made["components"] = [{**c, "diff": _rounded(c["diff"])} for c in found["components"]]
    if found.get("joint") and found["joint"]["attribution"]:
        made["joint"]["attribution"] = _exact(found["joint"]["attribution"])
    return made


def _exact(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: round(v, EXACT) + 0.0 if isinstance(v, float | int) else v for k, v in row.items()}
