"""What a refresh found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from selector.report.json import dumps
from selector.report.numbers import plain, short
from selector.report.table import render
from selector.report.tabular import Table
from selector.types.refresh import Change, Differences, Figure

SCHEMA_VERSION = 1
LISTED = 12  # unknown names of each source on a screen
DIGITS = 6


def as_json(found: Differences) -> str:
    """All of it; the schema is `rules/schemas/refresh.json`."""
    return dumps(
        plain(
            {
                "schema_version": SCHEMA_VERSION,
                "kind": "refresh",
                "sources": [
                    {"id": f.id, "title": f.title, "url": f.url, "as_of": f.as_of, "rows": len(f.rows)}
                    for f in found.feeds
                ],
                "changes": [_change(c) for c in found.changes],
                "unchanged": found.unchanged,
                "unknown": [{"source": s, "name": n} for s, n in found.unknown],
                "not_taken": [{"source": s, "name": n, "why": w} for s, n, w in found.not_taken],
                "disputed": [{"id": i, "taken": a, "other": b} for i, a, b in found.disputed],
            }
        )
    )


def _change(c: Change) -> dict[str, object]:
    return {
        "kind": c.kind,
        "id": c.id,
        "source": c.feed,
        "held": c.held,
        "figures": [
            {"figure": f.key, "old": f.old, "new": f.new, "ratio": f.ratio, "from_date": f.from_date}
            for f in c.figures
        ],
    }


def as_text(found: Differences, terminal: bool = False) -> str:
    """Changes first, then what is held back, disputed, unknown."""
    parts = [f"{f.id}: {f.title}, of {f.as_of}, {len(f.rows):,} rows, {f.url}" for f in found.feeds]
    held = [c for c in found.changes if c.held]
    taken = [c for c in found.changes if not c.held]
    parts.append(
        f"{len(taken)} entries have newer figures, {found.unchanged} are as in the packs, "
        f"{len(held)} are held back"
    )
    if taken:
        parts.append(render([_table("Newer figures", taken)], terminal).rstrip("\n"))
    if held:
        note = "a jump may be a slip of the source or another unit: look, then add --accept"
        parts.append(render([_table("Held back", held, note)], terminal).rstrip("\n"))
    parts += [f"{i}: {a} is taken, {b} says something else" for i, a, b in found.disputed]
    parts += _reasons(found.not_taken)
    parts += _unknown(found.unknown)
    return "\n".join(parts) + "\n"


def _table(title: str, changes: Iterable[Change], note: str = "") -> Table:
    rows = tuple(
        (c.id, f.key, _said(f.old), _said(f.new), _times(f), f.from_date or "", c.feed)
        for c in changes
        for f in c.figures
    )
    columns = ("id", "figure", "now", "new", "times", "from", "source")
    return Table(title, columns, rows, frozenset({"now", "new", "times"}), note)


def _said(value: float | str | None) -> str:
    return value if isinstance(value, str) else short(value, DIGITS)


def _times(f: Figure) -> str:
    if f.ratio is None or isinstance(f.old, str) or isinstance(f.new, str) or f.old is None:
        return ""
    return "" if not f.old else f"x{short(f.new / f.old)}"


def _reasons(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Names that the packs know and whose figures are not taken, by reason."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for source, name, why in rows:
        by_reason.setdefault((source, why), []).append(name)
    return [f"not taken, {s}: {_few(names)}: {why}" for (s, why), names in sorted(by_reason.items())]


def _unknown(rows: Iterable[tuple[str, str]]) -> list[str]:
    names: dict[str, list[str]] = {}
    for source, name in rows:
        names.setdefault(source, []).append(name)
    return [
        f"unknown, {s}: {len(n):,} names that rules/refresh does not map (all in JSON): {_few(n)}"
        for s, n in sorted(names.items())
    ]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
