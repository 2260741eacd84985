"""Rules that advise, on the facts of the stack and of its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from selector.types.plan import PlanLine
from selector.types.rule import Effect, Rule

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue

ORDER = (
    *("strategy", "precision", "activations", "optimiser", "schedule", "initialisation", "normalisation"),
    *("retrieval", "validation", "augmentation", "checkpoints", "tuning", "retraining", "risk"),
    *("compression", "serving", "domain"),
)
SPACE = "space"  # of the settings of a rule: the parameters that a search moves
FACT = "fact"  # in settings: `{fact: model.image_px}` stands for what is known of the stack


def fired(cat: Catalogue, facts: Mapping[str, object], *, spaces: bool = False) -> tuple[PlanLine, ...]:
    """Lines of the rules that hold, by topic; `spaces` asks for the spaces of searches alone."""
    found = [
        _line(r, facts)
        for r in _advising(cat.rules.values())
        if (SPACE in r.settings) == spaces and _holds(cat, r, facts)
    ]
    return tuple(sorted(found, key=lambda x: (ORDER.index(x.topic), x.rule)))


def of_points(cat: Catalogue, pack: str, facts: Mapping[str, object]) -> tuple[PlanLine, ...]:
    """Judgements of a pack that moved the score, as lines of the same topic."""
    rules = (r for r in cat.rules.values() if r.pack == pack and r.effect is Effect.POINTS)
    return tuple(
        PlanLine(pack, f"{r.title} ({r.points:+g} points)", r.why, r.id, r.source, r.as_of)
        for r in rules
        if _holds(cat, r, facts)
    )


def _advising(rules: Iterable[Rule]) -> Iterable[Rule]:
    return (r for r in rules if r.effect is Effect.ADVISE and r.topic in ORDER)


def _holds(cat: Catalogue, rule: Rule, facts: Mapping[str, object]) -> bool:
    """True only where it is known to hold: advice on an unknown fact would be a guess."""
    within = rule.applies is None or bool(cat.condition(rule.applies).evaluate(facts))
    return within and bool(cat.condition(rule.when).evaluate(facts))


def _line(rule: Rule, facts: Mapping[str, object]) -> PlanLine:
    settings = _filled(rule.settings, facts)
    told = rule.advice or rule.title
    known = settings if isinstance(settings, Mapping) else {}
    return PlanLine(rule.topic or "", told, rule.why, rule.id, rule.source, rule.as_of, known)


def _filled(value: object, facts: Mapping[str, object]) -> object:
    """Settings with facts in their places; what holds an unknown fact is left out, up to its list."""
    if isinstance(value, Mapping):
        if set(value) == {FACT}:
            return _number(facts.get(str(value[FACT])))
        found = {k: _filled(v, facts) for k, v in value.items()}
        return None if value and None in found.values() else found
    if isinstance(value, list | tuple):
        return [x for x in (_filled(v, facts) for v in value) if x is not None]
    return value


def _number(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value
