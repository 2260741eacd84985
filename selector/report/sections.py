"""The sections of a recommendation as titles, columns and rows; formats only lay them out."""

from __future__ import annotations

from dataclasses import dataclass

from selector.report.numbers import band, short
from selector.types.decision import Constraint, RankedStack, Recommendation

SHOWN_EXCLUSIONS = 12


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `right` names the columns that hold numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[str] = frozenset()
    note: str = ""


def headline(r: Recommendation) -> list[str]:
    """What is recommended and why, or that nothing fits."""
    if not r.stacks:
        return ["NO STACK SATISFIES THE REQUIREMENTS"]
    first = r.stacks[0]
    state = "provisional" if first.provisional else "final"
    lines = [
        f"RECOMMENDED {first.label}: {describe(first)}",
        f"{first.score:.1f} points, {state}, {len(r.assumptions)} assumptions; id {first.slots.digest()}",
    ]
    if len(r.stacks) > 1:
        second = r.stacks[1]
        lines.append(f"why, against {second.label} ({second.score:.1f}): {_waterfall(first, second)}")
    tied = [s.label for s in r.stacks[1:] if s.tied]
    if tied:
        lines.append(f"practically tied with it: {', '.join(tied)}")
    doubts = [c for c in first.constraints if c.status in ("at_risk", "unverified")]
    if doubts:
        lines.append("not certain: " + "; ".join(_doubt(c) for c in doubts))
    lines += [f"note: {n}" for n in r.notes]
    return lines


def describe(s: RankedStack) -> str:
    """A stack in one line."""
    slots = s.slots
    if slots.hardware is None:
        return f"{slots.model} ({slots.hosting}, {s.facts.get('region', '?')}), adaptation {slots.adaptation}"
    layout = ""
    if slots.layout:
        lay = slots.layout
        layout = f", tp{lay.tp} pp{lay.pp} x{lay.replicas}"
    where = slots.offer or slots.hosting
    return (
        f"{slots.model} {slots.precision} on {slots.n_devices}x {slots.hardware} with {slots.engine}"
        f"{layout} ({where}), adaptation {slots.adaptation}"
    )


def ranking(r: Recommendation) -> Table:
    """Ranked stacks with the figures that decide."""
    rows = []
    for s in r.stacks:
        est = s.estimates
        rows.append(
            (
                str(s.rank),
                s.label,
                f"{s.score:.1f}" + ("?" if s.provisional else ""),
                s.slots.model,
                " ".join(x for x in (s.slots.precision, s.slots.engine) if x) or s.slots.hosting,
                f"{s.slots.n_devices}x {s.slots.hardware}" if s.slots.hardware else "-",
                s.slots.offer or f"{s.slots.hosting} {s.facts.get('region', '')}".strip(),
                band(est.get("cost_per_month_usd")),
                band(est.get("request_p95_ms")),
                band(est.get("quality_index")),
                short(_index(s)),
            )
        )
    columns = (
        "rank",
        "id",
        "points",
        "model",
        "precision, engine",
        "hardware",
        "where",
        "USD/month",
        "p95 ms",
        "quality",
        "risk",
    )
    right = frozenset({"rank", "points", "USD/month", "p95 ms", "quality", "risk"})
    return Table("Ranking", columns, tuple(rows), right, "? after points: provisional; ? alone: unknown")


def costs(r: Recommendation) -> Table:
    """Cost lines of the first stack."""
    if not r.stacks:
        return Table("Cost", (), ())
    first = r.stacks[0]
    rows = [(c.item, band(c.usd_per_month), c.source, c.as_of or "date unknown") for c in first.costs]
    rows.append(("total", band(first.estimates.get("cost_per_month_usd")), "", ""))
    return Table(
        f"Cost of {first.label}, USD a month",
        ("item", "USD/month", "source", "as of"),
        tuple(rows),
        frozenset({"USD/month"}),
    )


def risks(r: Recommendation) -> Table:
    """Risk rows of the first stack, worst first."""
    if not r.stacks:
        return Table("Risk", (), ())
    first = r.stacks[0]
    ordered = sorted(first.risks, key=lambda x: (not x.certain, -x.residual_score, x.id))
    rows = tuple(
        (
            x.id,
            x.name,
            x.inherent,
            x.residual,
            ", ".join(x.mitigations) or "-",
            x.owner,
            "" if x.certain else "possible: a fact is unknown",
        )
        for x in ordered
    )
    columns = ("risk", "name", "inherent", "residual", "mitigations", "owner", "")
    return Table(f"Risk of {first.label}", columns, rows)


def limits(r: Recommendation) -> Table:
    """Hard limits of the first stack."""
    rows = []
    for c in r.stacks[0].constraints if r.stacks else ():
        chance = "" if c.p_ok is None else f"{100 * c.p_ok:.0f} %"
        rows.append((c.id, c.status, _side(c.value), _side(c.limit), c.unit, chance))
    return Table(
        "Limits of the first stack",
        ("limit", "status", "estimate", "limit value", "unit", "chance ok"),
        tuple(rows),
        frozenset({"estimate", "limit value"}),
    )


def findings(r: Recommendation) -> Table:
    """Warnings that rules raise on the first stack."""
    rows = tuple(
        (f.rule, f.severity.value, f.outcome, f.title, f.fix or "")
        for f in (r.stacks[0].findings if r.stacks else ())
    )
    return Table("Warnings", ("rule", "severity", "outcome", "what", "fix"), rows)


def excluded(r: Recommendation) -> Table:
    """Why candidates were left out: most first, or the cause first where nothing is left."""
    shown = r.excluded[:SHOWN_EXCLUSIONS]
    rows = tuple((e.reason, str(e.count), e.nearest, e.distance) for e in shown)
    note = (
        ""
        if len(r.excluded) <= SHOWN_EXCLUSIONS
        else f"{len(r.excluded) - SHOWN_EXCLUSIONS} more reasons in JSON"
    )
    return Table("Left out", ("reason", "count", "nearest", "by how much"), rows, frozenset({"count"}), note)


def relaxations(r: Recommendation) -> Table:
    """Smallest sets of limits to move when nothing fits."""
    rows = tuple(
        (" + ".join(x.constraints), "; ".join(x.moves), x.stack, str(x.count)) for x in r.relaxations
    )
    return Table("What would let a stack through", ("limits", "move", "then", "stacks"), rows)


def assumptions(r: Recommendation) -> Table:
    """Values that were not stated."""
    rows = tuple((a.key, str(a.value), a.why, a.source) for a in r.assumptions)
    return Table("Assumptions", ("value", "assumed", "why", "source"), rows)


def tables(r: Recommendation) -> list[Table]:
    """All sections in reading order; empty ones are left out."""
    every = [
        ranking(r),
        costs(r),
        limits(r),
        risks(r),
        findings(r),
        excluded(r),
        relaxations(r),
        assumptions(r),
    ]
    return [t for t in every if t.rows]


def _index(s: RankedStack) -> float | None:
    found = s.estimates.get("risk_index")
    return found.p50 if found else None


def _waterfall(first: RankedStack, second: RankedStack) -> str:
    other = {c.id: c.points for c in second.contributions}
    mine = {c.id: c.points for c in first.contributions}
    steps = {k: mine.get(k, 0.0) - other.get(k, 0.0) for k in {**mine, **other}}
    shown = [
        f"{v:+.1f} {k}" for k, v in sorted(steps.items(), key=lambda x: (-abs(x[1]), x[0])) if abs(v) >= 0.05
    ]
    return " ".join(shown) + f" = {first.score - second.score:+.1f}" if shown else "equal on every axis"


def _doubt(c: Constraint) -> str:
    if c.status == "unverified":
        return f"{c.id} is unverified ({c.why})" if c.why else f"{c.id} is unverified"
    return f"{c.id} at risk, kept with {100 * (c.p_ok or 0):.0f} %"


def _side(value: float | str | None) -> str:
    if value is None:
        return "?"
    return value if isinstance(value, str) else short(value)
