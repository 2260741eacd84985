"""Tables and lines of the differences of two recommendations, for every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selector.report.numbers import short
from selector.report.tabular import Table, share

FIRST = "first place"
GROUPS = ("requirements", "facts", "rules", "measurements", "program")
HEADS = {"facts": "facts and prices"}
WORDS = {
    "score": "points",
    "p_best": "P(best)",
    "cost_per_month_usd": "USD/month",
    "upfront_usd": "USD at the start",
    "first_token_p95_ms": "first token p95, ms",
    "per_output_token_ms": "per output token, ms",
    "request_p95_ms": "request p95, ms",
    "quality_index": "quality index",
    "risk_index": "risk index",
    "effort_person_months": "effort, person-months",
    "margin_points": "lead over the next, points",
    "high_risks": "high risks",
}
TOLD = ("p_best", "cost_per_month_usd", "request_p95_ms", "high_risks")  # on the screen
KEYS = 8  # changed requirements that are written out
ANCHORS = ("worst", "target", "ideal")
MOST = 24  # rows of a table for people; JSON has all
Found = Mapping[str, Any]


def parts(found: Found) -> list[tuple[str, Found]]:
    """Components by name; a single application has none."""
    others = found.get("components", [])
    return [("first component" if others else "", found), *((c["name"], c["diff"]) for c in others)]


def headline(found: Found) -> str:
    """The outcome in one line."""
    winner = found["winner"]
    if winner["new"] is None:
        return (
            f"no stack fits any more (was {winner['old']})" if winner["old"] else "no stack fits, as before"
        )
    if winner["old"] is None:
        return f"a stack fits now: {winner['new']}"
    if not winner["changed"]:
        return f"winner stays: {winner['new']}"
    kind = " (the same choice in another size or offer)" if winner["kind"] == "resized" else ""
    return f"winner: {winner['old']} -> {winner['new']}{kind}"


def lines(found: Found) -> list[tuple[str, list[str]]]:
    """Labelled lines: what happened, what it is due to, what to do."""
    rows = {e["figure"]: e for e in found["estimates"] if e["stack"] == FIRST}
    told = [f"{WORDS[f]} {_both(rows[f])}" for f in TOLD if f in rows]
    said = [("outcome", [headline(found), *told])]
    stacks = found["feasibility"]["stacks"]
    if stacks["old"] != stacks["new"]:
        said.append(
            ("feasible", [f"stacks that satisfy the requirements: {stacks['old']:,} -> {stacks['new']:,}"])
        )
    attribution = found["attribution"]
    due = [attribution["note"]]
    if attribution["not_computed"]:
        due.append(f"{attribution['not_computed']} mixtures of old and new inputs do not go together")
    due += [
        f"{_names(x['inputs'])} alone " + (f"put {x['to']} first" if x["to"] else "leave no stack")
        for x in attribution["winner"]
    ]
    said.append(("cause", due))
    if attribution["inputs"]:
        said.append(("input changed", [i["input"] for i in attribution["inputs"]]))
    if changed := _requirements(found):
        said.append(("requirement changed", changed))
    for m in found["ranges"]["changed"]:
        sides = (_anchors(m[side]) for side in ("old", "new"))
        said.append((f"anchors of {m['criterion']}", [" -> ".join(sides)]))
    return [*said, ("advice", list(found["advice"]))]


def _requirements(found: Found) -> list[str]:
    """Keys of the requirements that differ, old and new."""
    rows = found.get("requirements", ())
    said = [f"{r['key']}: {_stated(r['old'])} -> {_stated(r['new'])}" for r in rows[:KEYS]]
    return [*said, *([f"{len(rows) - KEYS} more: --format json"] if len(rows) > KEYS else [])]


def _stated(value: object) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}"
    return f"[{', '.join(str(v) for v in value)}]" if isinstance(value, list | tuple) else str(value)


def _anchors(values: Sequence[float]) -> str:
    return ", ".join(f"{word} {short(x)}" for word, x in zip(ANCHORS, values, strict=True))


def tables(found: Found, most: int | None = MOST) -> list[Table]:
    """Everything that differs, a table a kind; those without a row are left out."""
    causes = _causes(found)
    made = [
        _figures(
            "Figures of the first place",
            found,
            causes,
            [e for e in found["estimates"] if e["stack"] == FIRST],
            False,
        ),
        _ranks(found),
        _figures("Figures of stacks", found, causes, _others(found), True),
        _levels(found),
        _risks(found),
        _composites(found["composites"]),
        _flips(found),
        _limits(found),
        _options(found),
        _assumptions(found),
        _waivers(found),
        _inputs(found),
    ]
    return [_cut(t, most) for t in made if t.rows]


def _others(found: Found) -> list[Found]:
    """Figures of stacks that are known on both sides."""
    return [e for e in found["estimates"] if e["stack"] != FIRST and None not in (e["old"], e["new"])]


def together(found: Found) -> list[Table]:
    """All components together."""
    joint = found["joint"]
    cost, split = joint["cost_per_month_usd"], joint["attribution"]
    causes = [g for g in GROUPS if split and split[g] != 0]
    row = ("USD/month", short(cost["old"]), short(cost["new"]), *(_part(split, g) for g in causes))
    budget = (
        "budget",
        str(joint["budget"]["old"] or "-"),
        str(joint["budget"]["new"] or "-"),
        *("" for _ in causes),
    )
    columns = ("together", "old", "new", *(HEADS.get(g, g) for g in causes))
    whole = Table("All components together", columns, (row, budget), frozenset(columns[1:]))
    return [t for t in (whole, _composites(joint["composites"])) if t.rows]


def _cut(t: Table, most: int | None) -> Table:
    if most is None or len(t.rows) <= most:
        return t
    more = f"{len(t.rows) - most} more rows: --format json"
    note = f"{t.note}; {more}" if t.note else more
    return Table(t.title, t.columns, t.rows[:most], t.right, note)


def _causes(found: Found) -> list[str]:
    """Groups that have a part in any figure, or may have one."""
    rows = found["attribution"]["figures"]
    return [g for g in GROUPS if any(r[g] is None or r[g] != 0 for r in rows)]


def _figures(title: str, found: Found, causes: list[str], rows: Sequence[Found], stacks: bool) -> Table:
    """Figures old and new, and which group of inputs gave how much of the change."""
    split = {(r["stack"], r["figure"]): r for r in found["attribution"]["figures"]}
    columns = ("figure", "old", "new", "change", *(HEADS.get(g, g) for g in causes))
    made = []
    for e in rows:
        parts_ = split.get((e["stack"], e["figure"]))
        own = (_part(parts_, "change"), *(_part(parts_, g) for g in causes))
        made.append((*([e["stack"]] if stacks else []), WORDS[e["figure"]], *_sides(e), *own))
    note = "change = what each group of inputs gave; ?: not told apart" if causes else ""
    return Table(title, (*(["stack"] if stacks else []), *columns), tuple(made), frozenset(columns[1:]), note)


def _part(row: Found | None, name: str) -> str:
    value = row[name] if row else None
    return "?" if value is None else "0" if value == 0 else f"{'+' if value > 0 else '-'}{short(abs(value))}"


def _sides(e: Found) -> tuple[str, str]:
    form = share if e["figure"] == "p_best" else short
    old, new = ("?" if e[side] is None else form(e[side]) for side in ("old", "new"))
    return old, new


def _both(e: Found) -> str:
    return " -> ".join(_sides(e))


def _ranks(found: Found) -> Table:
    rows = tuple((r["stack"], str(r["old"] or "-"), str(r["new"] or "-")) for r in found["ranks"])
    return Table(
        "Ranks", ("stack", "old", "new"), rows, frozenset({"old", "new"}), "-: not among those shown"
    )


def _levels(found: Found) -> Table:
    rows = found["risk_levels"]
    moved = any(r["old"] != r["new"] for r in rows)
    made = tuple((r["level"], str(r["old"]), str(r["new"])) for r in rows) if moved else ()
    return Table(
        "Risks of the first place by level", ("level", "old", "new"), made, frozenset({"old", "new"})
    )


def _risks(found: Found) -> Table:
    rows = tuple((r["risk"], r["old"] or "-", r["new"] or "-", r["stack"]) for r in found["risks"])
    return Table("Risks that changed", ("risk", "old", "new", "stack"), rows, frozenset(), "-: not raised")


def _composites(rows: Sequence[Found]) -> Table:
    made = tuple((r["composite"], _composite(r["old"]), _composite(r["new"])) for r in rows)
    note = "USD a month at the middle of the rates that `selector recommend` prints; -: none"
    return Table("Composite stacks", ("stacks as one", "old", "new"), made, frozenset(), note)


def _composite(one: Found | None) -> str:
    return f"{' and '.join(one['stacks'])}: {short(one['usd_per_month'])}" if one else "-"


def _flips(found: Found) -> Table:
    rows = tuple(
        (
            f["stack"],
            f["old"].replace("_", " "),
            f["new"].replace("_", " "),
            f["instead"] or "; ".join(f"{c['id']} ({c['needed']})" for c in f["constraints"]),
        )
        for f in found["feasibility"]["flips"]
    )
    note = "absent: no such candidate on that side; resized: the load takes another count or layout of it"
    return Table(
        "Stacks that came in or fell out", ("stack", "old", "new", "by, or as what"), rows, frozenset(), note
    )


def _limits(found: Found) -> Table:
    rows = tuple(
        (x["limit"], x["old"] or "not set", x["new"] or "not set", x["stack"])
        for x in found["feasibility"]["limits"]
    )
    return Table("Limits whose verdict changed", ("limit", "old", "new", "stack"), rows)


def _options(found: Found) -> Table:
    rows = tuple(
        (o["slot"], str(len(o["added"])), str(len(o["removed"])), _some(o["added"]), _some(o["removed"]))
        for o in found["options"]
    )
    columns = ("slot", "added", "removed", "such as (added)", "such as (removed)")
    return Table("Options of the candidates", columns, rows, frozenset({"added", "removed"}))


def _some(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _assumptions(found: Found) -> Table:
    rows = []
    for a in found["assumptions"]:
        what = "retired" if a["new"] is None else "new" if a["old"] is None else "changed"
        rows.append((a["key"], what, *("-" if a[s] is None else str(a[s]) for s in ("old", "new"))))
    return Table("Assumptions", ("value", "what", "old", "new"), tuple(rows))


def _waivers(found: Found) -> Table:
    rows = tuple(
        (w["risk"], w["old"], w["new"], w["owner"] or "-", w["expires"] or "-")
        for w in found.get("waivers", ())
    )
    return Table("Accepted risks", ("risk", "old", "new", "owner", "until"), rows)


def _inputs(found: Found) -> Table:
    rows = tuple((i["input"], _digest(i["old"]), _digest(i["new"])) for i in found["attribution"]["inputs"])
    return Table("Inputs that changed", ("input", "old", "new"), rows)


def _digest(value: object) -> str:
    text = "-" if value is None else str(value)
    return text[:12] if len(text) == 64 else text


def _names(groups: Sequence[str]) -> str:
    return " and ".join(HEADS.get(g, g) for g in groups)
