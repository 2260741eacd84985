"""The sections of a recommendation as titles, columns and rows; formats only lay them out."""

from __future__ import annotations

from dataclasses import dataclass

from selector.report.numbers import band, short
from selector.types.decision import Constraint, ProposedPlan, RankedStack, Recommendation
from selector.types.estimate import Estimate

SHOWN_EXCLUSIONS = 12
RANKING_NOTE = (
    "? after points: provisional; ? alone: unknown; prior: no public score, only class, size and date speak"
)


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
    budget = r.joint.budget if r.joint else None
    if budget is not None and budget.status == "violated":
        together = f"{_side(budget.value)} against {_side(budget.limit)} {budget.unit}"
        return ["NO COMBINATION OF THE STACKS SHOWN KEEPS THE BUDGET", f"the cheapest is {together}"]
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
    unused = [n.key for n in r.notices if n.status == "not_used"]
    if unused:
        lines.append(f"stated but not used: {', '.join(unused)} (why: see below)")
    if r.proposed is not None:
        lines.append(f"the plan brought ({r.proposed.plan}): {_verdict(r.proposed)}")
    lines += [f"note: {n}" for n in r.notes]
    if r.oldest_fact:
        lines.append(f"oldest price among these stacks: {r.oldest_fact}")
    return lines


def _verdict(plan: ProposedPlan) -> str:
    if plan.verdict == "first":
        return "is the first choice"
    if plan.verdict == "ranked":
        return f"satisfies the limits, place {plan.rank}, {plan.points_behind or 0.0:.1f} points behind"
    words = {"removed": "is ruled out", "not_found": "is not among the candidates"}
    return f"{words.get(plan.verdict, 'is judged by what it declares')}: {'; '.join(plan.reasons)}"


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
    on = f"{slots.n_devices}x {slots.hardware} with {slots.engine}"
    return (
        f"{slots.model} {slots.precision}{_cache(s)} on {on}{layout} ({where}), adaptation {slots.adaptation}"
    )


def _cache(s: RankedStack) -> str:
    """Named only where the cache is kept smaller than usual."""
    return " with an fp8 cache" if s.facts.get("kv_precision") == "fp8" else ""


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
                " ".join(x for x in (s.slots.precision, _cache(s).strip(), s.slots.engine) if x)
                or s.slots.hosting,
                f"{s.slots.n_devices}x {s.slots.hardware}" if s.slots.hardware else "-",
                s.slots.offer or f"{s.slots.hosting} {s.facts.get('region', '')}".strip(),
                band(est.get("cost_per_month_usd")),
                band(est.get("request_p95_ms")),
                _quality(est.get("quality_index")),
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
    return Table("Ranking", columns, tuple(rows), right, RANKING_NOTE)


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


def together(r: Recommendation) -> Table:
    """Cost of all components, where there are several."""
    if r.joint is None:
        return Table("All components together", (), ())
    rows = [(c.item, band(c.usd_per_month), c.source, c.as_of or "date unknown") for c in r.joint.costs]
    rows.append(("total", band(r.joint.usd_per_month), "", ""))
    note = "; ".join(f"{x.component}: {x.stack.label} {describe(x.stack)}" for x in r.joint.parts)
    columns = ("item", "USD/month", "source", "as of")
    return Table("All components together, USD a month", columns, tuple(rows), frozenset({"USD/month"}), note)


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
        rows.append((c.id, c.status, _side(c.value), _side(c.limit), c.unit, chance, c.why))
    return Table(
        "Limits of the first stack",
        ("limit", "status", "estimate", "limit value", "unit", "chance ok", ""),
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


def notices(r: Recommendation) -> Table:
    """Stated values that do not act, or not fully."""
    words = {"not_used": "not used", "used_in_part": "used in part"}
    rows = tuple((n.key, words[n.status], n.why) for n in r.notices)
    return Table("Stated, but not used or used only in part", ("value", "use", "because"), rows)


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
        together(r),
        ranking(r),
        costs(r),
        limits(r),
        risks(r),
        findings(r),
        excluded(r),
        relaxations(r),
        notices(r),
        assumptions(r),
    ]
    return [t for t in every if t.rows]


def _quality(e: Estimate | None) -> str:
    """The index; a prior is not shown like something measured."""
    prior = e is not None and e.inputs.get("basis") == "prior"
    return band(e) + (" prior" if prior else "")


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
