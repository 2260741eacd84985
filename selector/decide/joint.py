"""Several components as one application: their stacks chosen and paid for together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from selector.decide import limits, relax
from selector.types.decision import (
    Constraint,
    CostLine,
    Joint,
    JointPart,
    RankedStack,
    Recommendation,
    Relaxation,
)
from selector.types.estimate import NOT_COUNTED, Estimate

PEOPLE = "cost.people"
MOST = 20_000  # combinations looked at
BUDGET = "budget.per_month_usd"


def of(
    parts: Sequence[Recommendation],
    budget: float | None,
    confidence: float = limits.MIDDLE,
    upfront: float | None = None,
) -> Joint | None:
    """The best combination that keeps the budget with the confidence asked for, or the cheapest one;
    of the stacks shown, of those that a component could run for less and the best on processors. Own
    devices are asked for once, and `upfront` USD are paid at the start, where any combination does with them.

    None where a component has no stack at all. The sum of the scores decides, then the cost.
    """
    if not all(p.stacks for p in parts):
        return None
    every = list(_combinations(parts))
    able = [chosen for chosen in every if not short(parts, chosen)] or every
    if upfront is not None:
        able = [chosen for chosen in able if at_start(chosen) <= upfront] or able
    found = [joined(parts, chosen, budget, confidence) for chosen in able]
    kept = [j for j in found if j.budget is None or j.budget.status != limits.STATUS[limits.VIOLATED]]
    if not kept:
        return min(found, key=_usd)
    return max(kept, key=lambda j: (round(math.fsum(x.stack.score for x in j.parts), 6), -_usd(j)))


def relaxations(found: Joint | None) -> tuple[Relaxation, ...]:
    """The budget that the cheapest combination needs; nothing where one is kept."""
    budget, usd = (found.budget, found.usd_per_month) if found else (None, None)
    if found is None or budget is None or usd is None or budget.status != limits.STATUS[limits.VIOLATED]:
        return ()
    cap = limits.Limit(
        BUDGET,
        float(budget.limit or 0.0),
        budget.unit,
        [usd.p50],
        [_spread(usd)],
        True,
        budget.confidence or limits.MIDDLE,
    )
    change = relax.move(cap, BUDGET, 0)
    stacks = ", ".join(f"{x.component} {x.stack.label}" for x in found.parts)
    return (Relaxation((BUDGET,), (relax.words(change),), stacks, 1, (change,)),)


def _spread(e: Estimate) -> float:
    """p90 over p50; 1 where nothing is paid."""
    return e.p90 / e.p50 if e.p50 > 0.0 else 1.0


def shown(parts: Sequence[Recommendation], found: Joint | None) -> list[Recommendation]:
    """The components with the stacks that were chosen for them among those shown."""
    if found is None:
        return list(parts)
    taken = [x.stack for x in found.parts]
    return [
        p if any(s.slots == own.slots for s in p.stacks) else replace(p, stacks=(*p.stacks, own))
        for p, own in zip(parts, taken, strict=True)
    ]


def short(parts: Sequence[Recommendation], stacks: Sequence[RankedStack]) -> str:
    """Own devices that the components together ask for beyond what is at hand."""
    wanted: dict[str, int] = {}
    for s in stacks:
        if s.slots.hardware is not None and s.slots.offer is None:
            wanted[s.slots.hardware] = wanted.get(s.slots.hardware, 0) + s.slots.n_devices
    have = {name: n for p in parts for name, n in p.at_hand.items()}
    over = [f"{n} {name} of {have[name]} at hand" for name, n in wanted.items() if n > have.get(name, n)]
    return ", ".join(over)


def at_start(stacks: Sequence[RankedStack]) -> float:
    """USD at the start of the components together that a stated `budget.upfront_usd` holds for, as known."""
    held = (c for s in stacks for c in s.constraints if c.id == "budget.upfront_usd")
    return math.fsum(c.value for c in held if isinstance(c.value, float))


def _combinations(parts: Sequence[Recommendation]) -> Iterator[tuple[RankedStack, ...]]:
    """Fewer stacks of each where there are many components: the best, and from dear to cheap."""
    each = max(int(MOST ** (1.0 / len(parts))), 2)
    return product(*(_offered(p, each) for p in parts))


def _offered(part: Recommendation, most: int) -> tuple[RankedStack, ...]:
    best = part.stacks[: most - min(most // 2, len(part.cheaper))]
    room = most - len(best)
    other = tuple(s for s in part.on_processors if s not in best)
    if len(part.cheaper) <= room:
        return (*best, *part.cheaper, *other)
    last = len(part.cheaper) - 1
    return (*best, *(part.cheaper[round(last * (i + 1) / room)] for i in range(room)), *other)


def _usd(joint: Joint) -> float:
    return joint.usd_per_month.p50 if joint.usd_per_month else math.inf


def joined(
    parts: Sequence[Recommendation], chosen: Sequence[RankedStack], budget: float | None, confidence: float
) -> Joint:
    """Chosen stacks, one a component, with what they cost together."""
    lines: list[CostLine] = []
    people: list[tuple[Estimate, float]] = []
    for part, stack in zip(parts, chosen, strict=True):
        for line in stack.costs:
            if line.usd_per_month is not None and line.usd_per_month.formula == PEOPLE:
                people.append((line.usd_per_month, line.once_usd))
            else:
                item = f"{part.name}: {line.item}"
                lines.append(CostLine(item, line.usd_per_month, line.source, line.as_of, line.once_usd))
    if people:
        most, at_start = max(people, key=lambda x: x[0].p50)
        top = math.fsum(e.p90 for e, _ in people)
        once = Estimate(most.p10, most.p50, top, most.unit, "cost.people_once")
        item = "people, counted once: the most that one component needs; p90 as if nothing were shared"
        lines.append(CostLine(item, once, "rules/parameters.yaml", None, at_start))
    total = _sum(lines, _missing(parts, chosen))
    return Joint(
        tuple(JointPart(p.name, s) for p, s in zip(parts, chosen, strict=True)),
        tuple(lines),
        total,
        verdict(total, budget, confidence),
    )


def _missing(parts: Sequence[Recommendation], chosen: Sequence[RankedStack]) -> str:
    """What the costs of the components leave out because nobody knows it."""
    costs = [(p.name, s.estimates.get("cost_per_month_usd")) for p, s in zip(parts, chosen, strict=True)]
    return "; ".join(f"{n}: {e.inputs[NOT_COUNTED]}" for n, e in costs if e and NOT_COUNTED in e.inputs)


def _sum(lines: Sequence[CostLine], missing: str) -> Estimate | None:
    """Sum of the lines, p10 and p90 as if they moved together; None where one is not known."""
    known = [line.usd_per_month for line in lines if line.usd_per_month is not None]
    if len(known) < len(lines):
        return None
    p10, p50, p90 = (math.fsum(getattr(e, q) for e in known) for q in ("p10", "p50", "p90"))
    return Estimate(p10, p50, p90, "USD/month", "cost.joint", {NOT_COUNTED: missing} if missing else {})


def verdict(total: Estimate | None, budget: float | None, confidence: float) -> Constraint | None:
    """The budget against the cost of all components; None where no budget is stated."""
    if budget is None:
        return None
    chance = None
    if total is None:
        code, why = limits.UNVERIFIED, "a cost is not known"
    else:
        spread = _spread(total)
        needed = total.p50 * spread ** limits.share(confidence)
        code = limits.VIOLATED if needed > budget else limits.AT_RISK if total.p90 > budget else limits.OK
        chance = limits.p_ok(total.p50, spread, budget)
        why = "all components together, people counted once"
    status = limits.STATUS[code]
    p50 = total.p50 if total else None
    return Constraint(BUDGET, status, budget, p50, "USD/month", chance, why, confidence)
