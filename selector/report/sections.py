"""The sections of a recommendation as tables; formats only lay them out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from selector.decide import outlay
from selector.report import legal, plan
from selector.report.numbers import at_least, band, short
from selector.report.tabular import Table, describe, middle, rival, share, sides
from selector.types.decision import CostLine, Exclusion, RankedStack, Recommendation, Relaxation, RiskRow
from selector.types.estimate import Estimate
from selector.types.regulation import DutyRow
from selector.types.rule import Severity

SHOWN_EXCLUSIONS = 12
MONTHLY = 12  # months that the table of payments lists one by one
LEVELS = ("VH", "H", "M", "L", "VL")
LOW = ("L", "VL")
BINDS = {Severity.HIGH: "before launch", Severity.MEDIUM: "has to be kept", Severity.LOW: "to be known"}
START = "at the start"
RISK = ("risk", "name", "inherent", "residual", "mitigations", "owner", "note")
NOTHING = Table("", (), ())


def costs(r: Recommendation) -> Table:
    """Cost lines of the first stack."""
    if not r.stacks:
        return NOTHING
    first = r.stacks[0]
    total = first.estimates.get("cost_per_month_usd")
    title, least = f"Cost of {first.label}, USD a month", _least_at_start([first])
    return _cost_table(title, first.costs, total, r.horizon_months, least)


def together(r: Recommendation) -> Table:
    """Cost of all components, where there are several."""
    if r.joint is None:
        return NOTHING
    title = "All components together, USD a month"
    least = _least_at_start([x.stack for x in r.joint.parts])
    return _cost_table(title, r.joint.costs, r.joint.usd_per_month, r.horizon_months, least)


def _least_at_start(stacks: Sequence[RankedStack]) -> str:
    """Mark of what is paid at the start where a part of it is not known."""
    found = (s.estimates["upfront_usd"] for s in stacks)
    return next((mark for e in found if e is not None and (mark := at_least(e))), "")


def _cost_table(
    title: str, lines: Sequence[CostLine], total: Estimate | None, horizon: float, mark: str
) -> Table:
    once = sum(c.once_usd for c in lines)
    start = [short(c.once_usd) if c.once_usd else "" for c in (*lines,)]
    start.append(f"{mark}{short(once)}" if once else "")
    items = [*((c.item, c.usd_per_month, c.source, c.as_of or "date unknown") for c in lines)]
    items.append(("total", total, "", ""))
    note = f"at the start: paid once; its share over {horizon:g} months is in USD/month" if once else ""

    def form(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
        made = Table(title, columns, tuple(rows), frozenset({"USD/month", START}), note)
        return made if once else made.without(START)

    origins = [", ".join(x for x in (source, as_of) if x) for _, _, source, as_of in items]
    both = list(zip(items, start, origins, strict=True))
    head = ("item", "USD/month", START)
    wide = form((*head, "source", "as of"), ((i, band(e), s, src, d) for (i, e, src, d), s, _ in both))
    less = form((*head, "source, as of"), ((x[0], band(x[1]), s, o) for x, s, o in both))
    least = form((*head, "source, as of"), ((x[0], middle(x[1]), s, o) for x, s, o in both))
    return replace(wide, narrow=((less,), (least,)))


def compared(r: Recommendation) -> list[RankedStack]:
    """First, the best other choice, and the best hosted and self-run stack."""
    everyone = (*r.stacks, *r.counterparts)
    second = rival(r.stacks)
    hosted = next((s for s in everyone if _hosted(s)), None)
    own = next((s for s in everyone if not _hosted(s)), None)
    wanted = {s.label for s in (*r.stacks[:1], second, hosted, own) if s is not None}
    return [s for s in everyone if s.label in wanted]


def _hosted(s: RankedStack) -> bool:
    return s.slots.hardware is None


def payments(r: Recommendation) -> Table:
    """Cumulated cost over the horizon of the stacks that a payer compares."""
    stacks = compared(r)
    if not stacks:
        return NOTHING
    plans = [outlay.of(s.costs, r.horizon_months) for s in stacks]
    names = tuple(f"{s.label}{' hosted' if _hosted(s) else ' self-run'}" for s in stacks)
    rows = [
        ("at the start", *(short(p.once) if p else "?" for p in plans)),
        ("every month", *(short(p.monthly) if p else "?" for p in plans)),
        *(
            (f"after month {month:g}", *(short(p.after(month)) if p else "?" for p in plans))
            for month in _months(r.horizon_months)
        ),
    ]
    note = "; ".join(f"{s.label}: {describe(s)}" for s in stacks)
    return Table(
        f"Payments over {r.horizon_months:g} months, USD, middle of each estimate",
        ("USD paid", *names),
        tuple(rows),
        frozenset(names),
        note,
    )


def _months(horizon: float) -> list[float]:
    """Every month of a short horizon, a dozen of a long one; always the last."""
    step = max(1.0, round(horizon / MONTHLY))
    found = [step * (i + 1) for i in range(int(horizon // step))]
    return [*found, *([horizon] if not found or found[-1] < horizon else [])]


def risks(r: Recommendation) -> Table:
    """All risk rows of the first stack, worst first."""
    if not r.stacks:
        return NOTHING
    rows = tuple(_risk(x) for x in by_level(r.stacks[0].risks))
    return Table(f"Risk of {r.stacks[0].label}", RISK, rows)


def upper_risks(r: Recommendation) -> Table:
    """Rows that are or were M and above; the others by id and level, so that none is hidden."""
    if not r.stacks:
        return NOTHING
    ordered = by_level(r.stacks[0].risks)
    low = [x for x in ordered if x.residual in LOW and x.inherent in LOW]
    kept = [x for x in ordered if x not in low]
    named = {level: [_id(x) for x in low if x.residual == level] for level in LOW}
    levels = "; ".join(f"{level}: {', '.join(ids)}" for level, ids in named.items() if ids)
    note = f"{len(low)} lower (rows: --format markdown, html or json); {levels}" if low else ""
    title = f"Risk of {r.stacks[0].label}"
    less = tuple((x.id, _named(x), _levels(x), ", ".join(x.mitigations) or "-", x.owner) for x in kept)
    least = tuple((x.id, "; ".join((_named(x), x.owner, *x.mitigations)), _levels(x)) for x in kept)
    narrow = (
        (Table(title, ("risk", "name", "level", "mitigations", "owner"), less, note=note),),
        (Table(title, ("risk", "name; owner; mitigations", "level"), least, note=note),),
    )
    return Table(title, RISK, tuple(_risk(x) for x in kept), note=note, narrow=narrow)


def accepted(r: Recommendation) -> Table:
    """Who answers for which risk, acceptances that are over, how controls are known to be in place, and which
    the area requires."""
    return Table(
        "Accepted risks, controls in place and required ones", ("what",), tuple((x,) for x in r.acceptances)
    )


def _levels(x: RiskRow) -> str:
    return x.residual if x.inherent == x.residual else f"{x.inherent} -> {x.residual}"


def _named(x: RiskRow) -> str:
    return x.name if x.certain else f"{x.name} (possible: a fact is unknown)"


def _id(x: RiskRow) -> str:
    return x.id if x.certain else f"{x.id} (possible)"


def by_level(rows: Iterable[RiskRow]) -> list[RiskRow]:
    """Certain rows first, the worst of them first."""
    return sorted(rows, key=lambda x: (not x.certain, -x.residual_score, x.id))


def _risk(x: RiskRow) -> tuple[str, ...]:
    return (
        x.id,
        x.name,
        x.inherent,
        x.residual,
        ", ".join(x.mitigations) or "-",
        x.owner,
        "" if x.certain else "possible: a fact is unknown",
    )


def duties(r: Recommendation) -> Table:
    """Duties of regulations on the first stack; those that only may apply stand in a line."""
    rows = r.stacks[0].duties if r.stacks else ()
    sure = [d for d in rows if d.status != "possible"]
    open_ = [d for d in rows if d.status == "possible"]
    title = f"Duties of {r.stacks[0].label}" if r.stacks else ""
    full = tuple(
        (d.regulation, d.ref, d.what, BINDS[d.severity], d.since or "in force", d.status, _keeps(d))
        for d in sure
    )
    less = tuple(
        (f"{d.regulation} {d.ref}", d.what, f"{d.status}, {BINDS[d.severity]}", _keeps(d)) for d in sure
    )
    facts = dict.fromkeys(f for d in open_ for f in d.unknown)
    names = ", ".join(dict.fromkeys(d.regulation for d in open_))
    note = f"{len(open_)} more may apply ({names}); what settles it: {', '.join(facts)}" if open_ else ""
    columns = ("regulation", "article", "duty", "binds", "since", "status", "kept by")
    narrow = ((Table(title, ("article", "duty", "status", "kept by"), less, note=note),),)
    return Table(title, columns, full, note=note, narrow=narrow)


def _keeps(d: DutyRow) -> str:
    have = ", ".join(m for m in d.mitigations if m not in d.missing)
    lacks = f"lacks {', '.join(d.missing)}" if d.missing else ""
    return "; ".join(x for x in (have, lacks) if x)


def limits(r: Recommendation) -> Table:
    """Hard limits of the first stack."""
    title, rows, brief = "Limits of the first stack", [], []
    for c in r.stacks[0].constraints if r.stacks else ():
        chance = "" if c.p_ok is None else share(c.p_ok)
        status = c.status.replace("_", " ")
        value, limit = sides(c.value, c.limit)
        rows.append((c.id, status, value, limit, c.unit, chance, c.why))
        said = "; ".join(x for x in (status, f"{chance} ok" if chance else "", c.why) if x)
        brief.append((c.id, f"{value}, limit {limit} {c.unit}".rstrip(), said))
    return Table(
        title,
        ("limit", "status", "estimate", "limit value", "unit", "chance ok", "note"),
        tuple(rows),
        frozenset({"estimate", "limit value"}),
        narrow=((Table(title, ("limit", "estimate", "status"), tuple(brief)),),),
    )


def findings(r: Recommendation) -> Table:
    """Warnings that rules raise on the first stack."""
    rows = tuple(
        (f.rule, f.severity.value, f.outcome, f.title, f.fix or "")
        for f in (r.stacks[0].findings if r.stacks else ())
    )
    return Table("Warnings", ("rule", "severity", "outcome", "what", "fix"), rows)


def advice(r: Recommendation) -> Table:
    """Lines of the plan that rules add to the first stack."""
    rows = tuple((x,) for x in (r.stacks[0].advice if r.stacks else ()))
    return Table("Advice", ("what",), rows)


def excluded(every: Sequence[Exclusion], shown: int | None = SHOWN_EXCLUSIONS) -> Table:
    """Why candidates were left out: most first, or the cause first where nothing is left."""
    title, right = "Left out", frozenset({"count"})
    rows = tuple((e.reason, f"{e.count:,}", e.nearest, e.distance) for e in every[:shown])
    more = len(every) - len(rows)
    note = f"{more} more reasons (--format html or json)" if more else ""
    brief = tuple((*x[:2], f"{x[2]} ({x[3]})" if x[3] else x[2]) for x in rows)
    less = Table(title, ("reason", "count", "nearest"), brief, right, note)
    columns = ("reason", "count", "nearest", "by how much")
    return Table(title, columns, rows, right, note, ((less,),))


def notices(r: Recommendation) -> Table:
    """Stated values that do not act, or not fully."""
    words = {"not_used": "not used", "used_in_part": "used in part"}
    rows = tuple((n.key, words[n.status], n.why) for n in r.notices)
    return Table("Stated, but not used or used only in part", ("value", "use", "because"), rows)


def relaxations(every: Sequence[Relaxation]) -> Table:
    """Smallest sets of limits to move when nothing fits."""
    rows = tuple(
        (" + ".join(x.constraints), "; ".join(x.moves), x.stack, f"{x.count:,}" if x.best else "")
        for x in every
    )
    columns = ("limits", "move", "then passes", "held by them alone")
    note = "held by them alone: stacks that would satisfy everything without these limits"
    return Table(
        "What would let a stack through", columns, rows, frozenset({columns[-1]}), note if rows else ""
    )


def assumptions(r: Recommendation) -> Table:
    """Values that were not stated; the source has a column only where it differs."""
    title, origins = "Assumptions", {a.source for a in r.assumptions}
    rows = tuple((a.key, str(a.value), a.why, a.source) for a in r.assumptions)
    wide = Table(title, ("value", "assumed", "why", "source"), rows)
    if len(origins) == 1:
        wide = replace(wide.without("source"), note=f"source of all: {origins.pop()}")
    brief = tuple((key, f"{value} ({why})") for key, value, why, _ in rows)
    less = Table(title, ("value", "assumed (why)"), brief, note=wide.note or "sources: --format html or json")
    return replace(wide, narrow=((less,),))


def details(r: Recommendation, brief: bool) -> list[Table]:
    """Sections after the ranking in reading order; empty ones are left out.

    `brief` is for terminals: risks that are and were low stand in a line instead of rows.
    """
    every = [
        relaxations(r.relaxations),
        costs(r),
        *([] if brief else [payments(r)]),
        limits(r),
        upper_risks(r) if brief else risks(r),
        accepted(r),
        duties(r),
        legal.licence(r),
        findings(r),
        plan.brief(r),
        *([] if brief or r.plan is None else [plan.methods(r.plan)]),
        advice(r),
        excluded(r.excluded),
        notices(r),
        assumptions(r),
    ]
    return [t for t in every if t.rows or t.note]
