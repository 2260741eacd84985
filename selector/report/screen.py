"""What a decision-maker reads first: the choice, why, how sure, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass

from selector.report import cautions, composites, fresh, ties
from selector.report.legal import before_launch
from selector.report.numbers import apart, band, same, short
from selector.report.tabular import describe, middle, named, quality, rival, share, side, sides
from selector.types.decision import Constraint, ProposedPlan, RankedStack, Recommendation, Relaxation
from selector.types.robust import Decisive, Robustness, WeightInterval, WinsIf

RIVALS = 3  # named in a line
CHANGES = 4
MEASURED = 3
REASONS = 3
LEAST = 0.01  # points; less is noise of the draws
NOTHING = 1e-9  # points; less is an error of the sum
MIDDLE = 0.5  # quantile of points that no attitude moves
RATED = {name: i for i, name in enumerate(("cost", "latency", "quality", "risk", "effort"))}
LEVELS = ("VH", "H", "M", "L", "VL")
GAINS = {
    "cost": "lower cost",
    "latency": "shorter latency",
    "quality": "higher quality",
    "risk": "lower risk",
    "effort": "less effort",
}
# Limits on figures that the line of figures shows; the rest stand in the table of limits.
LIMIT_OF = {
    "cost_per_month_usd": "budget.per_month_usd",
    "request_p95_ms": "latency.request_p95_ms",
    "first_token_p95_ms": "latency.first_token_p95_ms",
    "per_output_token_ms": "latency.per_output_token_p95_ms",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line; `pieces` belong side by side."""

    label: str
    pieces: tuple[str, ...]


def screens(r: Recommendation) -> list[tuple[str, Recommendation, list[Line]]]:
    """Each component with its lines, which say where the whole takes another stack than its first."""
    taken = [x.stack for x in r.joint.parts] if r.joint else [None] * len(r.parts)
    return [(name, part, screen(part, own)) for (name, part), own in zip(r.parts, taken, strict=True)]


def screen(r: Recommendation, taken: RankedStack | None = None) -> list[Line]:
    """The lines of one application or component, in reading order."""
    lines = _infeasible(r) if not r.stacks else _chosen(r)
    if taken is not None and taken.slots != r.stacks[0].slots:
        why = "so that all components together keep the budget and the devices at hand"
        lines.append(Line("TAKEN INSTEAD", (f"{taken.label}  {describe(taken)}", why)))
    lines += [Line("COMPOSITE", pieces) for pieces in composites.told(r.composites)]
    lines += [Line("NOTE", (note,)) for note in r.notes]
    unused = [n.key for n in r.notices if n.status == "not_used"]
    if unused:
        lines.append(Line("STATED BUT NOT USED", (f"{', '.join(unused)} (why: see below)",)))
    if r.proposed is not None:
        lines.append(Line("THE PLAN BROUGHT", (f"{r.proposed.plan}: {_verdict(r.proposed)}",)))
    lines += _left_out(r)
    if r.oldest_fact:
        stale = (fresh.brief(r.stale_prices),) if r.stale_prices else ()
        lines.append(Line("OLDEST PRICE", (f"{r.oldest_fact} among these stacks", *stale)))
    return lines


def together(r: Recommendation) -> list[Line]:
    """The lines of several components as one application."""
    missing = [name for name, part in r.parts if not part.stacks]
    if r.joint is None:
        return [Line("NO STACK SATISFIES THE REQUIREMENTS", (f"of: {', '.join(missing)}",))]
    total = f"{band(r.joint.usd_per_month)} USD/month together, people counted once"
    chosen = tuple(f"{x.component}: {x.stack.label} {describe(x.stack)}" for x in r.joint.parts)
    budget = r.joint.budget
    if budget is not None and budget.status == "violated":
        against = f"the cheapest is {' against '.join(sides(budget.value, budget.limit))} {budget.unit}"
        return [
            Line("NO COMBINATION OF THE STACKS SHOWN KEEPS THE BUDGET", (against,)),
            Line("CHEAPEST", (total, *chosen)),
        ]
    kept = () if budget is None else (f"limit {side(budget.limit)}: {_kept(budget)}",)
    beside = [Line("COMPOSITE", pieces) for pieces in composites.told(r.joint.composites)]
    return [Line("RECOMMENDED TOGETHER", (total, *kept)), *(Line("COMPONENT", (x,)) for x in chosen), *beside]


def _infeasible(r: Recommendation) -> list[Line]:
    lines = [Line("NO STACK SATISFIES THE REQUIREMENTS", ())]
    for x in r.relaxations[:RIVALS]:
        lines.append(Line("SMALLEST CHANGE", ("; ".join(x.moves), f"then {x.stack} passes", *_held_alone(x))))
    return lines


def _held_alone(x: Relaxation) -> tuple[str, ...]:
    """How many stacks nothing else holds; nothing where the change is of another kind than a limit."""
    if not x.best:
        return ()
    who = "this stack" if x.count == 1 else f"{x.count:,} stacks"
    limits = "this limit" if len(x.constraints) == 1 else "these limits"
    return (f"without {limits} {who} would satisfy everything",)


def _chosen(r: Recommendation) -> list[Line]:
    first, sure = r.stacks[0], r.robustness
    rests = f"{_state(first)}, {len(r.assumptions)} assumptions"
    lines = [
        Line("RECOMMENDED", (f"{first.label}  {describe(first)}",)),
        Line("", (_points(r, first), rests, f"id {first.slots.digest()}")),
        Line("", _figures(first)),
    ]
    if where := cautions.place(first):
        lines.append(Line("PROCESSED", (where,)))
    second = rival(r.stacks)
    if second is not None:
        lines.append(
            Line("WHY", (f"against {second.label} ({second.score:.1f}): {waterfall(first, second)}",))
        )
    # Limits of the line of figures already say there how likely they are kept.
    shown = set(LIMIT_OF.values())
    doubts = [c for c in first.constraints if _doubtful(c, shown)]
    if doubts:
        lines.append(Line("NOT CERTAIN", tuple(_doubt(c) for c in doubts)))
    if warned := cautions.warnings(first):
        lines.append(Line("WARNED", warned))
    if bars := before_launch(first.duties):
        lines.append(Line("BEFORE LAUNCH", (f"{bars} (duties: see below)",)))
    if sure is not None:
        lines += _sureness(sure, first.slots.digest())
    elif tied := [s.label for s in r.stacks[1:] if s.tied]:
        lines.append(Line("HOW SURE", (f"practically tied with it: {', '.join(tied)}",)))
    return lines


def _state(s: RankedStack) -> str:
    """FINAL means that no stated limit is unverified; what may still go otherwise is said with it."""
    risky = sum(c.status == "at_risk" for c in s.constraints)
    high = sum(not x.certain and x.residual in LEVELS[:2] for x in s.risks)
    limits = f"{risky} limit{'s' * (risky > 1)} at risk" if risky else ""
    risks = f"{high} possible risk{'s' * (high > 1)} of H or more" if high else ""
    doubts = " and ".join(x for x in (limits, risks) if x)
    state = "PROVISIONAL" if s.provisional else "FINAL"
    if not doubts:
        return state
    return (
        f"{state} with {doubts}"
        if s.provisional
        else f"{state} (no stated limit is unverified) with {doubts}"
    )


def _points(r: Recommendation, s: RankedStack) -> str:
    """The points with the span of the draws, which lie around the middle of the estimates: points of a
    worse quantile are no point of that span and stand apart from it."""
    shares = r.robustness.shares if r.robustness else ()
    found = next((x for x in shares if x.stack.id == s.slots.digest()), None)
    span = f"{found.score_p10:.0f}-{found.score_p90:.0f}" if found else ""
    if r.points_quantile == MIDDLE:
        return f"{s.score:.1f} points" + (f" [{span}]" if span else "")
    draws = f" (draws around the middle: {span})" if span else ""
    return f"{s.score:.1f} points {worse(r)}{draws}"


def worse(r: Recommendation) -> str:
    """What points are taken of where it is not the middle of the estimates."""
    return f"at the quantile {r.points_quantile:g} on the worse side of every estimate"


def _figures(s: RankedStack) -> tuple[str, ...]:
    """Cost, times, quality and risk, each with the limit that it is held to."""
    limits = {c.id: c for c in s.constraints}
    units = {"cost_per_month_usd": "USD/month", "request_p95_ms": "ms p95"}
    found = []
    for name, unit in units.items():
        limit = limits.get(LIMIT_OF[name])
        held = f", limit {side(limit.limit)}: {_kept(limit)}" if limit else ""
        found.append(f"{band(s.estimates.get(name))} {unit}{held}")
    for name, word in (("first_token_p95_ms", "first token p95"), ("per_output_token_ms", "per token")):
        limit = limits.get(LIMIT_OF[name])
        if limit:
            value = middle(s.estimates.get(name))
            found.append(f"{word} {value} ms, limit {side(limit.limit)}: {_kept(limit)}")
    found.append(f"quality {quality(s.estimates.get('quality_index'))}")
    found.append(f"risk {middle(s.estimates.get('risk_index'))} of 100{_levels(s)}")
    return tuple(found)


def _levels(s: RankedStack) -> str:
    """How many risks are left at the upper levels, and how many more are possible."""
    sure = [x.residual for x in s.risks if x.certain]
    counts = [f"{sure.count(level)} {level}" for level in LEVELS[:3] if level in sure]
    open_ = sum(not x.certain for x in s.risks)
    parts = [*counts, *([f"{open_} possible"] if open_ else [])]
    return f" ({', '.join(parts)})" if parts else ""


def _kept(c: Constraint) -> str:
    """Status of a limit with its chance: `at risk, 62 % ok`."""
    if c.p_ok is None:
        return c.status.replace("_", " ")
    doubt = "" if c.status == "ok" else f"{c.status.replace('_', ' ')}, "
    return f"{doubt}{share(c.p_ok)} ok"


def _doubtful(c: Constraint, shown: set[str]) -> bool:
    return c.status == "unverified" or (c.status == "at_risk" and c.id not in shown)


def waterfall(first: RankedStack, second: RankedStack) -> str:
    """Differences of the points, largest first, with digits in which they sum to the gap if any do."""
    other = {c.id: c.points for c in second.contributions}
    mine = {c.id: c.points for c in first.contributions}
    steps = {k: mine.get(k, 0.0) - other.get(k, 0.0) for k in {**mine, **other}}
    steps = {k: v for k, v in steps.items() if abs(v) > NOTHING}
    gap = first.score - second.score
    said = ""
    for digits in (1, 2):
        shown = {k: round(v, digits) for k, v in steps.items() if abs(v) >= max(0.5 / 10**digits, LEAST)}
        ordered = sorted(shown, key=lambda k: (-abs(steps[k]), k))
        told = f"{', '.join(f'{steps[k]:+.{digits}f} {k}' for k in ordered)} = {gap:+.{digits}f}"
        if shown and round(sum(shown.values()), digits) == round(gap, digits):
            return told
        said = said or (f"{told} (rounded)" if shown else "")
    return said or (f"within {LEAST:g} points: {', '.join(steps)}" if steps else "equal on every criterion")


def _doubt(c: Constraint) -> str:
    if c.status == "unverified":
        return f"{c.id} is unverified ({c.why})" if c.why else f"{c.id} is unverified"
    return f"{c.id} at risk, {share(c.p_ok or 0.0)} ok"


def _sureness(sure: Robustness, first: str) -> list[Line]:
    if not sure.rivals:
        return [Line("HOW SURE", ("no other choice that is as certain satisfies the requirements",))]
    lines = _each("HOW SURE", [*_draws(sure, first), *_weights(sure)])
    none = "no single figure, weight or limit of the nearest rivals alone"
    lines += _each("WHAT WOULD CHANGE IT", _changes(sure) or [none])
    if sure.measure_first:
        lines.append(Line("MEASURE FIRST", tuple(_measure(x) for x in sure.measure_first[:MEASURED])))
    rated = sorted(sure.exchange, key=lambda x: RATED.get(x.criterion, len(RATED)))
    rates = [rate(x.criterion, x.per_point, x.unit) for x in rated if x.per_point is not None]
    if rates:
        lines.append(Line("TRADE-OFF", (" = ".join(["1 point", *rates]),)))
    return lines


def _each(label: str, pieces: list[str]) -> list[Line]:
    """A line for each piece, the first with the label."""
    return [Line("" if i else label, (piece,)) for i, piece in enumerate(pieces)]


def _draws(sure: Robustness, first: str) -> tuple[str, ...]:
    """Shares of the draws, the expected loss, and what is practically tied; `first` is an id."""
    own = next((x for x in sure.shares if x.stack.id == first), None)
    if own is None:
        return ()
    others = (x for x in sure.shares if x.stack.id != first and x.p_best > 0)
    rivals = sorted(others, key=lambda x: (-x.p_best, x.stack.id))[:RIVALS]
    named_ = ", ".join(f"{named(x.stack)} {share(x.p_best)}" for x in rivals)
    best = f"best in {share(own.p_best)} of {sure.samples:,} draws" + (f" ({named_})" if named_ else "")
    regret = f"expected regret {_worth(sure.regret_points)}"
    tied = f"practically tied: {ties.told(sure)}" if sure.tied else ""
    return tuple(x for x in (f"{best}; {regret}", tied) if x)


def _weights(sure: Robustness) -> tuple[str, ...]:
    """Weights that keep the first place, only where the rest of the scale would not; the box."""
    bound = [x for x in sure.intervals if _open(x.low) or _open(x.high)]
    if bound:
        kept = "same winner for weight of " + ", ".join(_weight(x) for x in bound)
    else:
        kept = "same winner for any weight of a single criterion"
    within = f"within +-{100 * sure.box:.0f} % of every weight"
    if not sure.overtakers:
        return kept, f"{within} nothing overtakes"
    names = ", ".join(named(x.stack) for x in sure.overtakers[:RIVALS])
    more = sure.overtaking - min(len(sure.overtakers), RIVALS)
    names += f" and {more} more" if more > 0 else ""
    return kept, f"{within} {names} can overtake, by {_worth(sure.max_regret_points)} at most"


def _open(percent: float) -> bool:
    """True where a whole percent says more than that any weight will do."""
    return 0.5 <= percent < 99.5


def _weight(x: WeightInterval) -> str:
    if not _open(x.low):
        span = f"up to {x.high:.0f} %"
    elif not _open(x.high):
        span = f"from {x.low:.0f} %"
    else:
        span = f"{x.low:.0f} % .. {x.high:.0f} %"
    return f"{x.criterion} {span} (now {x.weight:.0f} %)"


def nearest_changes(sure: Robustness) -> list[WinsIf]:
    """Changes that would do: the smallest in proportion of each rival, then the others."""
    found = [x for x in sure.wins_if if x.needed is not None]
    ordered = sorted(found, key=lambda x: (_move(x), x.stack.id, x.kind, x.key))
    smallest = {x.stack.id: x for x in reversed(ordered)}
    return sorted(ordered, key=lambda x: smallest[x.stack.id] is not x)


def _move(x: WinsIf) -> float:
    assert x.needed is not None
    return abs(x.needed - x.now) / max(abs(x.now), 1e-12)


def _change(x: WinsIf) -> str:
    what = {"weight": f"the weight of {x.key}", "limit": f"the limit {x.key}"}.get(x.kind, f"its {x.key}")
    unit = f" {x.unit}" if x.unit not in ("", "index") else ""
    goes = "goes" if x.kind == "criterion" else "is moved"
    now, needed = apart(x.now, x.needed)
    return f"{named(x.stack)} wins if {what} {goes} from {now} to {needed}{unit}"


def _changes(sure: Robustness) -> list[str]:
    """The nearest changes in words; stacks that are tied with the first share a line."""
    found = nearest_changes(sure)
    level = [x for x in found if same(x.now, x.needed)]
    tied = list(dict.fromkeys(named(x.stack) for x in level))
    rest = [x for x in found if named(x.stack) not in tied]
    lines = [_tied(tied, level)] if tied else []
    return [*lines, *(_change(x) for x in rest)][:CHANGES]


def _tied(names: list[str], level: list[WinsIf]) -> str:
    """What tips a tie: a gain on any criterion that bears on all of them."""
    moved = [{x.key for x in level if named(x.stack) == n and x.kind == "criterion"} for n in names]
    gains = [word for key, word in GAINS.items() if all(key in keys for keys in moved)]
    verbs = ("is", "wins") if len(names) == 1 else ("are", "win")
    how = f"any {' or '.join(gains)}" if gains else "any gain"
    return f"{', '.join(names)} {verbs[0]} tied with the first and {verbs[1]} with {how}"


def _worth(points: float) -> str:
    """Points; what is less than the draws can tell is not written out."""
    return f"{short(points)} points" if points >= LEAST or points == 0.0 else f"under {LEAST:g} points"


def worth_measuring(points: float, turns: bool) -> str:
    """Points that an answer may bring; what could turn the first place is worth something."""
    return f"under {LEAST:g} points" if turns and points < LEAST else _worth(points)


def _measure(x: Decisive) -> str:
    priced = x.evpi_usd_per_month is not None and x.evpi_points >= LEAST
    usd = f" = {short(x.evpi_usd_per_month)} USD/month" if priced else ""
    worth = f"worth {worth_measuring(x.evpi_points, x.turns)}{usd}"
    unknown = "" if x.known else ", not known"
    turns = ", could turn the first place" if x.turns else ""
    return f"{x.criterion} of {named(x.stack)}{unknown}: {worth}{turns}"


def rate(criterion: str, per_point: float, unit: str) -> str:
    """What one point is worth on one criterion."""
    amount = short(abs(per_point))
    return f"{amount} of the {criterion} index" if unit == "index" else f"{amount} {unit}"


def _left_out(r: Recommendation) -> list[Line]:
    """How much was left out and why; the nearest by how much it misses."""
    if not r.excluded:
        return []
    shown = [f"{x.reason} {x.count:,}" for x in r.excluded[:REASONS]]
    more = len(r.excluded) - REASONS
    if more > 0:
        shown.append(f"{more} more reasons")
    near = next((x for x in r.excluded if x.distance and x.nearest), None)
    found = [", ".join(shown)]
    if near is not None:
        found.append(f"nearest: {near.nearest} ({near.distance})")
    return [Line("LEFT OUT", tuple(found))]


def _verdict(plan: ProposedPlan) -> str:
    brings = (
        f"; of the risks that it brings, the first stack avoids {', '.join(plan.risks)}" if plan.risks else ""
    )
    return _judged(plan) + brings


def _judged(plan: ProposedPlan) -> str:
    if plan.verdict == "first":
        return "is the first choice"
    if plan.verdict == "ranked":
        behind = f"{plan.points_behind or 0.0:.1f} points behind"
        return f"satisfies the limits, place {plan.rank} of all that pass, {behind}"
    words = {"removed": "is ruled out", "not_found": "is not among the candidates"}
    return f"{words.get(plan.verdict, 'is judged by what it declares')}: {'; '.join(plan.reasons)}"
