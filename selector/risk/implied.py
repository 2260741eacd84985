"""What follows from facts: a stack without an engine of its own loads no weights, and so on.

One place for it, over the implications of the packs, in their order. Where an option of a slot (a
way of hosting, an engine, a model) makes something so, it holds for the stacks that take it,
whatever was declared of others; what follows from the requirement alone fills only what nobody states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from selector.types.register import Implication

Facts = Mapping[str, object]


class Condition(Protocol):
    """A compiled condition of the rule language."""

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts it mentions."""
        ...

    def evaluate(self, facts: Facts) -> bool | None:
        """True, False, or None for unknown."""
        ...


Compile = Callable[[str], Condition]


def of_requirement(common: Facts, rules: Iterable[Implication], compile_: Compile) -> dict[str, object]:
    """Facts of a requirement with what follows from them alone."""
    found = dict(common)
    for rule in rules:
        if compile_(rule.when).evaluate(found):
            found |= {k: v for k, v in rule.sets.items() if k not in found}
    return found


def of_options(
    common: Facts, options: Sequence[Facts], rules: Iterable[Implication], compile_: Compile
) -> list[Facts]:
    """Facts of the options of one slot with what follows from them under a requirement."""
    found: list[Facts] = list(options)
    for rule in rules:
        condition = compile_(rule.when)
        own = sorted(f for f in condition.facts if not f.startswith("req."))
        answers: dict[tuple[object, ...], bool | None] = {}
        for i, option in enumerate(found):
            if not any(f in option for f in own):
                continue
            key = tuple(option.get(f) for f in own)
            if key not in answers:
                answers[key] = condition.evaluate({**common, **option})
            if answers[key]:
                found[i] = {**rule.sets, **option}
    return found


def reasons(facts: Facts, rules: Iterable[Implication], compile_: Compile) -> dict[str, str]:
    """Facts of one stack that follow from others, and the implication that each follows from."""
    return {
        name: rule.id
        for rule in rules
        if compile_(rule.when).evaluate(facts)
        for name, value in rule.sets.items()
        if facts.get(name) == value
    }
