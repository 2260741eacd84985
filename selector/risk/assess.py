"""Score risks 5 x 5, choose mitigations to reach the appetite at least cost, and say what is left.

Method: NIST SP 800-30 Rev. 1 scales with numeric values of the W3C DPV risk extension; the
scoring file of the privacy pack holds every number. A residual multiplies likelihood and impact
by the factors of at most three mitigations each, discounted by how well they are evidenced.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selector.risk.choose import Need, Price, cheapest
from selector.types.decision import RiskRow
from selector.types.register import Mitigation, Risk

LEVELS = ("VL", "L", "M", "H", "VH")
STRONGEST = 3
WORST = 5
DECLARED = "declared"
APPETITE_LEVEL = {"low": "L", "moderate": "M", "high": "H"}


@dataclass(frozen=True, slots=True)
class Scoring:
    """Numbers of the scales: value of each of the five steps, matrix of levels, floor, discount."""

    steps: tuple[float, ...]
    matrix: tuple[tuple[str, ...], ...]  # rows likelihood 1..5, columns impact 1..5
    floor: float
    evidence: Mapping[str, float]  # how far an effect counts: declared, detected, attested
    held: Mapping[str, str] = field(default_factory=dict)  # mitigations in place, by the evidence for them
    required: tuple[str, ...] = ()  # taken whatever the appetite
    usd_per_day: float = 0.0  # of work on what is not in place
    months: float = 1.0  # over which work that is done once is spread

    def weight(self, mitigation: str) -> float:
        """How far the effect of a mitigation counts; what is only planned counts as declared, so that
        to have it in place is never worse."""
        return self.evidence[self.held.get(mitigation, DECLARED)]


def scales(
    raw: Mapping[str, Any], held: Mapping[str, str], usd_per_day: float = 0.0, months: float = 1.0
) -> Scoring:
    """The scales of the privacy pack; without a price of work where no mitigation is to be chosen."""
    return Scoring(
        steps=tuple(raw["steps"]),
        matrix=tuple(tuple(row) for row in raw["matrix"]),
        floor=float(raw["floor"]),
        evidence={k: float(v) for k, v in raw["evidence"].items()},
        held=held,
        usd_per_day=usd_per_day,
        months=months,
    )


@dataclass(frozen=True, slots=True)
class Trigger:
    """A risk that applies to a stack, after its modifiers. `certain` is False where a fact is unknown."""

    risk: Risk
    likelihood: int
    impact: int
    certain: bool

    @property
    def key(self) -> tuple[str, int, int]:
        """What its levels follow from."""
        return self.risk.id, self.likelihood, self.impact


@dataclass(frozen=True, slots=True)
class Choice:
    """Mitigations for the risks that are certain, what they cost, and the index that is left."""

    mitigations: tuple[str, ...]
    days: float  # person-days, middle of the ranges
    usd_per_month: float
    index: float  # 0 to 100: 50 x (largest + mean of the five largest residual scores)


@dataclass(slots=True)
class Made:
    """What was worked out for other stacks of the same run: many differ in little."""

    choices: dict[object, Choice] = field(default_factory=dict)  # by the risks that are certain
    sets: dict[object, Choice] = field(default_factory=dict)  # by those of them that need something
    needs: dict[object, Need | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Risks of one stack with the mitigations chosen; rows are made when they are asked for."""

    triggers: tuple[Trigger, ...]
    choice: Choice
    usable: Mapping[str, Mitigation]
    scoring: Scoring
    goal: str  # level that the appetite allows

    @property
    def rows(self) -> tuple[RiskRow, ...]:
        """The risk table, those that are only possible included."""
        return tuple(_row(t, self) for t in self.triggers)

    @property
    def new(self) -> tuple[str, ...]:
        """Mitigations that are not in place yet: the others cost nothing new."""
        return tuple(m for m in self.mitigations if m not in self.scoring.held)

    @property
    def mitigations(self) -> tuple[str, ...]:
        """Ids of the mitigations, those in place included."""
        return self.choice.mitigations


def trigger(risk: Risk, applies: bool | None, modifiers: Sequence[bool | None]) -> Trigger | None:
    """A triggered risk, or None. An unknown trigger applies as uncertain; an unknown modifier does not."""
    if applies is False:
        return None
    likelihood, impact = risk.likelihood, risk.impact
    for modifier, holds in zip(risk.modifiers, modifiers, strict=True):
        if holds:
            likelihood += modifier.likelihood
            impact += modifier.impact
    return Trigger(risk, _clamp(likelihood), _clamp(impact), applies is True)


def assess(
    triggers: Iterable[Trigger],
    mitigations: Mapping[str, Mitigation],
    scoring: Scoring,
    appetite: str,
    hosting: str,
    made: Made | None = None,
) -> Assessment:
    """Risk table with the cheapest mitigations that bring each certain risk to the appetite.

    `made` is shared by the stacks of one run: same mitigations, scales and appetite.
    """
    found = tuple(sorted(triggers, key=lambda t: t.risk.id))
    usable = {m.id: m for m in mitigations.values() if not m.hosting or hosting in m.hosting}
    certain = [t for t in found if t.certain]
    key = (hosting, *(t.key for t in certain))
    made, goal = made or Made(), APPETITE_LEVEL[appetite]
    if key not in made.choices:
        held = tuple(m for m in dict.fromkeys((*scoring.held, *scoring.required)) if m in usable)
        needs = [_need(t, held, usable, scoring, goal, hosting, made) for t in certain]
        chosen = _choose([n for n in needs if n is not None], held, usable, scoring, hosting, made)
        left = [score(t, chosen.mitigations, usable, scoring) for t in certain]
        made.choices[key] = replace(chosen, index=index_of(left))
    return Assessment(found, made.choices[key], usable, scoring, goal)


def _choose(
    needs: Sequence[Need],
    held: tuple[str, ...],
    usable: Mapping[str, Mitigation],
    scoring: Scoring,
    hosting: str,
    made: Made,
) -> Choice:
    """Controls in place or required, and the cheapest that take each risk to the goal or nearest to it."""
    key = (hosting, frozenset(n.key for n in needs))
    if key not in made.sets:
        worst = sorted(needs, key=lambda n: (-n.score(frozenset()), n.key))
        chosen = cheapest(worst, {m: price(usable[m], scoring) for n in worst for m in n.helps})
        new = sorted((*chosen, *(m for m in held if m not in scoring.held)))
        made.sets[key] = Choice(
            tuple(sorted((*held, *chosen))),
            math.fsum(usable[m].days for m in new),
            math.fsum(usable[m].usd_per_month or 0.0 for m in new),
            0.0,
        )
    return made.sets[key]


def price(mitigation: Mitigation, scoring: Scoring) -> Price:
    """Whether nobody knows the running cost of a mitigation, USD a month as far as known, person-days."""
    once = mitigation.days * scoring.usd_per_day / scoring.months
    running = mitigation.usd_per_month
    return int(running is None), once + (running or 0.0), mitigation.days


def _need(
    item: Trigger,
    held: tuple[str, ...],
    usable: Mapping[str, Mitigation],
    scoring: Scoring,
    goal: str,
    hosting: str,
    made: Made,
) -> Need | None:
    """What a risk asks for; None where it is at the goal, or nothing helps."""
    key = (hosting, item.key)
    if key not in made.needs:
        helps = tuple(m for m in helping(item, usable, scoring) if m not in held)
        lowest = LEVELS.index(level(item, (*held, *helps), usable, scoring))
        target = max(lowest, LEVELS.index(goal))

        def reached(some: frozenset[str]) -> bool:
            return LEVELS.index(level(item, (*held, *some), usable, scoring)) <= target

        def left(some: frozenset[str]) -> float:
            return score(item, (*held, *some), usable, scoring)

        need = Need(item.key, helps, left, reached)
        made.needs[key] = None if reached(frozenset()) else need
    return made.needs[key]


def helping(item: Trigger, usable: Mapping[str, Mitigation], scoring: Scoring) -> list[str]:
    """Mitigations that lower a risk of this stack and leave it the same stack."""
    alone = score(item, (), usable, scoring)
    return [
        m
        for m in item.risk.mitigations
        if m in usable and not usable[m].structural and score(item, (m,), usable, scoring) < alone
    ]


def exceeds(level: str, appetite: str) -> bool:
    """Whether a level is above what an appetite allows."""
    return LEVELS.index(level) > LEVELS.index(APPETITE_LEVEL[appetite])


def index_of(scores: Sequence[float]) -> float:
    """Risk index of a stack, 0 to 100 (formula `risk.index`): 50 times the largest residual score and
    the mean of the five largest."""
    top = sorted(scores, reverse=True)[:WORST]
    return 50.0 * (top[0] + sum(top) / len(top)) if top else 0.0


def _factors(
    item: Trigger, chosen: Sequence[str], usable: Mapping[str, Mitigation], scoring: Scoring
) -> tuple[float, float]:
    """Product of the strongest factors on likelihood and on impact, never under the floor."""
    on_likelihood, on_impact = [], []
    for name in chosen:
        if name in item.risk.mitigations:
            own, weight = usable[name].on.get(item.risk.id, {}), scoring.weight(name)
            on_likelihood.append(1.0 - weight * (1.0 - own.get("likelihood", usable[name].likelihood)))
            on_impact.append(1.0 - weight * (1.0 - own.get("impact", usable[name].impact)))
    return _product(on_likelihood, scoring), _product(on_impact, scoring)


def _product(factors: list[float], scoring: Scoring) -> float:
    """The strongest factors multiplied; no set of controls removes a risk."""
    return max(math.prod(sorted(factors)[:STRONGEST]), scoring.floor)


def residual(
    item: Trigger, chosen: Sequence[str], usable: Mapping[str, Mitigation], scoring: Scoring
) -> tuple[float, float]:
    """Likelihood and impact, 0 to 1, after the mitigations chosen."""
    on_likelihood, on_impact = _factors(item, chosen, usable, scoring)
    return (
        scoring.steps[item.likelihood - 1] * on_likelihood,
        scoring.steps[item.impact - 1] * on_impact,
    )


def score(item: Trigger, chosen: Sequence[str], usable: Mapping[str, Mitigation], scoring: Scoring) -> float:
    """Residual likelihood times residual impact (formula `risk.residual`)."""
    return math.prod(residual(item, chosen, usable, scoring))


def level(item: Trigger, chosen: Sequence[str], usable: Mapping[str, Mitigation], scoring: Scoring) -> str:
    """Level of the step nearest to each residual value, so that one control cannot drop two steps."""
    row, column = _steps(residual(item, chosen, usable, scoring), scoring)
    return scoring.matrix[row - 1][column - 1]


def _steps(values: tuple[float, float], scoring: Scoring) -> tuple[int, int]:
    """Steps, 1 to 5, nearest to a likelihood and an impact."""
    return _nearest(values[0], scoring.steps) + 1, _nearest(values[1], scoring.steps) + 1


def _row(item: Trigger, table: Assessment) -> RiskRow:
    scoring, risk = table.scoring, item.risk
    used = tuple(m for m in risk.mitigations if m in table.mitigations)
    before = residual(item, (), table.usable, scoring)
    after = residual(item, used, table.usable, scoring) if used else before
    inherent_at, residual_at = _steps(before, scoring), _steps(after, scoring)
    left = scoring.matrix[residual_at[0] - 1][residual_at[1] - 1]
    return RiskRow(
        id=risk.id,
        name=risk.name,
        category=risk.category,
        owner=risk.owner,
        inherent=scoring.matrix[inherent_at[0] - 1][inherent_at[1] - 1],
        residual=left,
        inherent_score=math.prod(before),
        residual_score=math.prod(after),
        mitigations=used,
        certain=item.certain,
        source=risk.source,
        aliases=risk.aliases,
        inherent_at=inherent_at,
        residual_at=residual_at,
        above_appetite=item.certain and LEVELS.index(left) > LEVELS.index(table.goal),
        references=risk.references,
    )


def _nearest(value: float, steps: Sequence[float]) -> int:
    return min(range(len(steps)), key=lambda i: (abs(steps[i] - value), i))


def _clamp(step: int) -> int:
    return min(max(step, 1), 5)
