"""Score risks 5 x 5, choose mitigations to reach the appetite at least cost, and say what is left.

Method: NIST SP 800-30 Rev. 1 scales with numeric values of the W3C DPV risk extension; the
scoring file of the privacy pack holds every number. A residual multiplies likelihood and impact
by the factors of at most three mitigations each, discounted by how well they are evidenced.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from selector.types.catalog import Mitigation, Risk
from selector.types.decision import RiskRow

LEVELS = ("VL", "L", "M", "H", "VH")
STRONGEST = 3
WORST = 5
APPETITE_LEVEL = {"low": "L", "moderate": "M", "high": "H"}


@dataclass(frozen=True, slots=True)
class Scoring:
    """Numbers of the scales: value of each of the five steps, matrix of levels, floor, discount."""

    steps: tuple[float, ...]
    matrix: tuple[tuple[str, ...], ...]  # rows likelihood 1..5, columns impact 1..5
    floor: float
    planned: float  # weight of a mitigation that is chosen here and has yet to be put in place
    evidence: Mapping[str, float]  # weight of one in place: declared, detected, attested
    held: Mapping[str, str] = field(default_factory=dict)  # mitigations in place, by the evidence for them

    def weight(self, mitigation: str) -> float:
        """How far the effect of a mitigation counts."""
        known = self.held.get(mitigation)
        return self.planned if known is None else self.evidence[known]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A risk that applies to a stack, after its modifiers. `certain` is False where a fact is unknown."""

    risk: Risk
    likelihood: int
    impact: int
    certain: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Mitigations for the risks that are certain, what they cost, and the index that is left."""

    mitigations: tuple[str, ...]
    days: float  # person-days, middle of the ranges
    usd_per_month: float
    index: float  # 0 to 100: 50 x (largest + mean of the five largest residual scores)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Risks of one stack with the mitigations chosen; rows are made when they are asked for."""

    triggers: tuple[Trigger, ...]
    choice: Choice
    usable: Mapping[str, Mitigation]
    scoring: Scoring

    @property
    def rows(self) -> tuple[RiskRow, ...]:
        """The risk table, those that are only possible included."""
        return tuple(_row(t, self.mitigations, self.usable, self.scoring) for t in self.triggers)

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
    made: dict[object, Choice] | None = None,
) -> Assessment:
    """Risk table with the cheapest mitigations that bring each certain risk to the appetite.

    `made` keeps choices: stacks often differ only in risks that are no more than possible.
    """
    found = tuple(sorted(triggers, key=lambda t: t.risk.id))
    usable = {m.id: m for m in mitigations.values() if not m.hosting or hosting in m.hosting}
    certain = [t for t in found if t.certain]
    key = (hosting, *((t.risk.id, t.likelihood, t.impact) for t in certain))
    made = {} if made is None else made
    if key not in made:
        made[key] = _choose(certain, usable, scoring, APPETITE_LEVEL[appetite])
    return Assessment(found, made[key], usable, scoring)


def _choose(
    certain: Sequence[Trigger], usable: Mapping[str, Mitigation], scoring: Scoring, goal: str
) -> Choice:
    """Controls in place, then the most reduction a day, the worst risks first; in the end the needless go."""
    chosen = [m for m in scoring.held if m in usable]
    for item in sorted(certain, key=lambda t: -score(t, (), usable, scoring)):
        _reach(item, chosen, usable, scoring, goal)
    _spare(certain, chosen, usable, scoring, goal)
    new = [m for m in chosen if m not in scoring.held]
    return Choice(
        tuple(sorted(chosen)),
        math.fsum(_days(usable[m]) for m in new),
        math.fsum(usable[m].usd_per_month or 0.0 for m in new),
        index_of([score(t, chosen, usable, scoring) for t in certain]),
    )


def _days(mitigation: Mitigation) -> float:
    """Person-days, middle of the range."""
    return (mitigation.days_low + mitigation.days_high) / 2.0


def _spare(
    certain: Sequence[Trigger],
    chosen: list[str],
    usable: Mapping[str, Mitigation],
    scoring: Scoring,
    goal: str,
) -> None:
    """Drop what later choices made needless, the dearest first: no level may rise above the goal by it."""
    for name in sorted((m for m in chosen if m not in scoring.held), key=lambda m: (-_days(usable[m]), m)):
        rest = [m for m in chosen if m != name]
        touched = [t for t in certain if name in t.risk.mitigations]
        if all(
            LEVELS.index(level(t, rest, usable, scoring))
            <= max(LEVELS.index(level(t, chosen, usable, scoring)), LEVELS.index(goal))
            for t in touched
        ):
            chosen.remove(name)


def index_of(scores: Sequence[float]) -> float:
    """Risk index of a stack, 0 to 100 (formula `risk.index`): 50 times the largest residual score and
    the mean of the five largest."""
    top = sorted(scores, reverse=True)[:WORST]
    return 50.0 * (top[0] + sum(top) / len(top)) if top else 0.0


def _reach(
    item: Trigger, chosen: list[str], usable: Mapping[str, Mitigation], scoring: Scoring, goal: str
) -> None:
    """Add mitigations, best reduction per day first, until the level is no higher than the goal."""
    while LEVELS.index(level(item, chosen, usable, scoring)) > LEVELS.index(goal):
        now = score(item, chosen, usable, scoring)
        offers = []
        for name in item.risk.mitigations:
            if name in usable and name not in chosen:
                gain = now - score(item, [*chosen, name], usable, scoring)
                if gain > 1e-9:
                    offers.append((-gain / max(_days(usable[name]), 0.5), name))
        if not offers:
            return
        chosen.append(min(offers)[1])


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


def _row(item: Trigger, chosen: Sequence[str], usable: Mapping[str, Mitigation], scoring: Scoring) -> RiskRow:
    used = tuple(m for m in item.risk.mitigations if m in chosen)
    before = residual(item, (), usable, scoring)
    after = residual(item, used, usable, scoring) if used else before
    inherent_at, residual_at = _steps(before, scoring), _steps(after, scoring)
    return RiskRow(
        id=item.risk.id,
        name=item.risk.name,
        category=item.risk.category,
        owner=item.risk.owner,
        inherent=scoring.matrix[inherent_at[0] - 1][inherent_at[1] - 1],
        residual=scoring.matrix[residual_at[0] - 1][residual_at[1] - 1],
        inherent_score=math.prod(before),
        residual_score=math.prod(after),
        mitigations=used,
        certain=item.certain,
        source=item.risk.source,
        aliases=item.risk.aliases,
        inherent_at=inherent_at,
        residual_at=residual_at,
    )


def _nearest(value: float, steps: Sequence[float]) -> int:
    return min(range(len(steps)), key=lambda i: (abs(steps[i] - value), i))


def _clamp(step: int) -> int:
    return min(max(step, 1), 5)
