"""Explanations as JSON, and as tables for the terminal and for Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selector.report import json as as_json
from selector.report import markdown as as_markdown
from selector.report import plan as as_plan
from selector.report import sections
from selector.report import table as as_table
from selector.report.numbers import plain, same, short
from selector.report.screen import GAINS
from selector.report.tabular import Table
from selector.types.explain import (
    Anchor,
    ApiOrOwn,
    BreakEven,
    Explanation,
    Figure,
    Node,
    Origin,
    StackView,
    Waterfall,
)
from selector.types.plan import Plan
from selector.types.robust import StackRef, WinsIf

SCHEMA_VERSION = 1
PRECISE = 6
EXACT = 12  # digits by which a node can be worked out again from those below it


@dataclass(frozen=True, slots=True)
class Page:
    """What is printed: JSON, a headline, and tables."""

    data: dict[str, Any]
    title: str
    lines: tuple[str, ...]
    tables: tuple[Table, ...]
    texts: tuple[tuple[str, str], ...] = ()  # name and text of settings, to be copied as they are


def text(page: Page, terminal: bool, width: int | None) -> str:
    """For a terminal."""
    shown = [t for t in page.tables if t.rows]
    told = "\n".join([page.title, "", *page.lines, ""]) + "\n" + as_table.render(shown, terminal, width)
    return told + "".join(f"\n# ---- {name}\n{body}" for name, body in page.texts)


def markdown(page: Page) -> str:
    """GitHub Markdown."""
    parts = [f"# {page.title}", "\n".join(f"{line}  " for line in page.lines)]
    parts += [as_markdown.table(t) for t in page.tables if t.rows]
    parts += [f"## {name}\n\n```\n{body}```" for name, body in page.texts]
    return "\n\n".join(parts) + "\n"


def head(kind: str, inputs: Mapping[str, Any], notes: Sequence[str]) -> dict[str, Any]:
    """What the JSON of every explanation begins with."""
    return {"schema_version": SCHEMA_VERSION, "kind": kind, "notes": list(notes), "inputs": dict(inputs)}


def name(ref: StackRef) -> str:
    """A stack in one line, with the label where it has one."""
    return f"{ref.label or ref.id} {ref.what}"


def number(figure: Figure, inputs: Mapping[str, Any], notes: Sequence[str]) -> Page:
    """The formula tree behind a number."""
    data = head("number", inputs, notes) | {
        "path": figure.path,
        "stack": asdict(figure.stack),
        "value": figure.value,
        "unit": figure.unit,
        "root": figure.root,
        "why": figure.why,
        "nodes": [asdict(n) | {"precise": f"{n.value:.{EXACT}g}"} for n in figure.nodes],
    }
    said = "not known" if figure.value is None else f"{_six(figure.value)} {figure.unit}".strip()
    lines = [f"{figure.path} = {said}", name(figure.stack), *([figure.why] if figure.why else []), *notes]
    tables = (_formulas(figure.nodes), _leaves(figure.nodes))
    return Page(flat(data), f"Behind {figure.path}", tuple(lines), tables)


def _formulas(nodes: Sequence[Node]) -> Table:
    """Inner nodes in the order of use; a number that is used twice is worked out once."""
    rows = tuple(
        (n.id, f"= {_numbered(n)}", f"{_six(n.value)} {n.unit}".strip(), n.words)
        for n in nodes
        if n.expression is not None
    )
    note = "a word stands for the id that ends so (_ for a dot); each row is worked out from rows below it"
    return Table("Formulas", ("formula", "is", "value", "in words"), rows, frozenset(), note)


def _numbered(node: Node) -> str:
    """The expression; a word for a formula that is used more than once carries its number."""
    found = node.expression or ""
    for symbol, child in (node.symbols or {}).items():
        _, sign, count = child.rpartition("#")
        if sign:
            word = symbol.removesuffix(f"_{count}")
            found = re.sub(rf"\b{re.escape(symbol)}\b", f"{word}#{count}", found)
    return found


def _leaves(nodes: Sequence[Node]) -> Table:
    """Facts, parameters and requirements at the ends."""
    rows = tuple(
        (
            n.id,
            f"{_six(n.value)} {n.unit}".strip(),
            "; ".join(x for x in (f"{n.origin.kind}, {n.origin.where}", _basis(n.origin)) if x),
        )
        for n in nodes
        if n.origin is not None
    )
    return Table("Where the numbers come from", ("number", "value", "from"), rows)


def _basis(origin: Origin) -> str:
    parts = []
    if origin.judgement:
        parts.append("judgement")
    if origin.fitted_on:
        parts.append(f"fitted on {origin.points or '?'} points of {origin.fitted_on}")
    if origin.low is not None and origin.high is not None:
        parts.append(f"range {short(origin.low)} to {short(origin.high)}")
    parts += [s for s in (", ".join(origin.source), origin.as_of, origin.why) if s]
    return "; ".join(parts)


def plan(made: Plan, ref: StackRef, inputs: Mapping[str, Any], notes: Sequence[str]) -> Page:
    """The whole plan of a stack, with settings to copy."""
    data = head("plan", inputs, notes) | {"plan": as_json.plan(made)}
    texts = tuple((f"{x.name} ({x.tool})", x.text) for x in made.fragments)
    return Page(plain(data), f"Plan of {name(ref)}", tuple(notes), tuple(as_plan.whole(made)), texts)


def explanation(made: Explanation) -> Page:
    """Why a stack is where it is."""
    data = head("explanation", made.inputs, made.notes) | {
        k: v for k, v in asdict(made).items() if k not in ("inputs", "notes")
    }
    data["excluded"] = [as_json.exclusion(e) for e in made.excluded]
    data["relaxations"] = [as_json.relaxation(x) for x in made.relaxations]
    lines = [*_nothing(made), *_stack(made.stack)]
    if made.waterfall is not None:
        lines.append(f"against {name(made.waterfall.other)} ({made.waterfall.other_score:.1f} points)")
    if made.dominated_by:
        who = "; ".join(name(r) for r in made.dominated_by)
        lines.append(f"better or equal on every criterion and in points of rules: {who}")
    if made.api_or_own is not None:
        lines += _crossings(made.api_or_own)
    lines += [f"note: {n}" for n in made.notes]
    tables = [
        sections.relaxations(made.relaxations),
        _broken(made),
        sections.excluded(made.excluded),
        *([_steps(made.waterfall)] if made.waterfall else []),
        _anchors(made.anchors),
        _weights(made),
        _wins(made.wins_if),
        _break_evens(made.break_evens),
        *([_loads(made.api_or_own)] if made.api_or_own else []),
    ]
    return Page(flat(data), made.name, tuple(lines), tuple(tables))


def _nothing(made: Explanation) -> list[str]:
    """Where no stack passes: the smallest change of all, and whether any stack is nearest."""
    if not made.excluded:
        return []
    near = "the nearest:" if made.stack else "no candidate fits, so there is no stack to explain"
    changes = [f"smallest change: {'; '.join(x.moves)}" for x in made.relaxations[:1]]
    return ["no stack satisfies the requirements", *changes, near]


def _stack(s: StackView | None) -> list[str]:
    """The stack that is explained, with its points and its place."""
    if s is None:
        return []
    state = "left out" if s.place is None else f"place {s.place} of all that pass"
    sure = ", provisional" if s.provisional else ""
    return [name(s.ref), f"{s.score:.1f} points, {state}{sure}; id {s.ref.id}"]


def _steps(fall: Waterfall) -> Table:
    rows = [
        (s.id, f"{s.points:+.3f}", f"{s.own:.3f}", f"{s.other:.3f}")
        for s in sorted(fall.steps, key=lambda s: (-abs(s.points), s.id))
    ]
    gap = fall.score - fall.other_score
    rows.append(("sum", f"{gap:+.3f}", f"{fall.score:.3f}", f"{fall.other_score:.3f}"))
    columns = ("points by", "gap", "this stack", "the other")
    return Table(f"Against {name(fall.other)}", columns, tuple(rows), frozenset(columns[1:]))


def _anchors(anchors: Sequence[Anchor]) -> Table:
    rows = tuple(
        (
            a.criterion,
            "?" if a.figure is None else f"{_six(a.figure)} {a.unit}",
            f"{_six(a.worst)} -> 0, {_six(a.target)} -> {a.at_target:g}, {_six(a.ideal)} -> 100"
            f"{' (log)' if a.log else ''}",
            f"{a.value:.1f}",
            f"{a.weight:.2f}",
            f"{a.points:.2f}",
            a.why,
        )
        for a in anchors
    )
    columns = ("criterion", "figure", "anchors", "value", "weight", "points", "why")
    return Table("Points, from figure to score", columns, rows, frozenset({"value", "weight", "points"}))


def _weights(made: Explanation) -> Table:
    rates = {e.criterion: e for e in made.exchange}
    rows = tuple(
        (
            w.criterion,
            f"{w.weight:.2f}",
            "; ".join([w.why, *w.rules]),
            "flat: more or less of it moves nothing"
            if w.criterion not in rates or rates[w.criterion].per_point is None
            else f"{short(rates[w.criterion].per_point)} {rates[w.criterion].unit}",
        )
        for w in made.weights
    )
    note = "one point is worth this change at the figures of this stack"
    return Table(
        "Weights, and what a point is worth",
        ("criterion", "weight", "from", "one point"),
        rows,
        frozenset({"weight"}),
        note,
    )


def _wins(rows: Sequence[WinsIf]) -> Table:
    shown = tuple(
        (
            name(w.stack),
            f"{w.kind} {w.key}",
            f"{_six(w.now)} {w.unit}",
            _needed(w),
        )
        for w in rows
    )
    return Table("Would come first if", ("stack", "what", "now", "needed"), shown)


def _needed(w: WinsIf) -> str:
    """The figure, weight or limit that would do; a tie is none."""
    if w.needed is None:
        return f"no value of it alone makes {w.stack.label or w.stack.id} win"
    if same(w.now, w.needed):
        return "tied with the first" + (f": {GAINS[w.key]} wins" if w.kind == "criterion" else "")
    return f"{_six(w.needed)} {w.unit}"


def _broken(made: Explanation) -> Table:
    rows = tuple(
        (
            b.kind,
            b.id,
            "" if b.value is None else f"{_six(b.value)} {b.unit}",
            "" if b.limit is None else f"{_six(b.limit)} {b.unit}",
            "" if b.ratio is None else f"{b.ratio:.2f}",
            b.needed,
            b.why,
        )
        for b in made.broken
    )
    columns = ("kind", "what", "value", "limit", "ratio", "would pass if", "why")
    return Table("Why it is left out", columns, rows, frozenset({"ratio"}))


def _break_evens(rows: Sequence[BreakEven]) -> Table:
    shown = tuple(
        (
            b.key,
            f"{short(b.now)} {b.unit}",
            _side(b.low, b.low_turns, b.low_then, b.least, "down to"),
            _side(b.high, b.high_turns, b.high_then, b.most, "up to"),
        )
        for b in rows
    )
    note = "first as a choice of model, hosting, engine, precision and hardware; device counts follow"
    return Table(
        "How far a requirement can move", ("requirement", "now", "lower", "higher"), shown, frozenset(), note
    )


def _side(stays: float | None, turns: float | None, then: str | None, end: float, word: str) -> str:
    if turns is None or stays is None:
        return f"stays first {word} {short(end)}, as far as was looked"
    return f"stays first {word} {_six(stays)}; at {_six(turns)}: {then}"


def _loads(made: ApiOrOwn) -> Table:
    rows = tuple(
        (
            short(c.requests_per_s),
            f"{100 * c.utilisation:.3g} %",
            short(c.tokens_per_month),
            short(c.hosted_usd),
            short(c.own_usd),
            short(c.devices),
            c.cheaper,
        )
        for c in made.cells
    )
    columns = (
        "peak requests/s",
        "utilisation",
        "tokens/month",
        "hosted USD/month",
        "own USD/month",
        "devices",
        "cheaper",
    )
    return Table("Hosted model or own machines", columns, rows, frozenset(columns[:-1]), made.note)


def _crossings(made: ApiOrOwn) -> list[str]:
    if made.hosted is None or made.own is None:
        return [f"hosted or own: {made.note}"]
    lines = [f"hosted or own: {name(made.hosted)} against {name(made.own)}"]
    for c in made.crossings:
        if c.low is None or c.high is None:
            lines.append(f"  {c.quantity}: {c.note}")
        else:
            lines.append(
                f"  the same at {c.quantity} {short((c.low + c.high) / 2.0)} {c.unit} ({c.method}): {c.note}"
            )
    return lines


def _six(value: float) -> str:
    return f"{value:.{PRECISE}g}"


def flat(data: dict[str, Any]) -> dict[str, Any]:
    """Values of JSON, rounded as everywhere."""
    found: dict[str, Any] = plain(data)
    return found
