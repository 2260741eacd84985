"""Evaluate a condition on one set of facts, three-valued (Kleene): True, False, None for unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from selector.packs.language import parse as tree
from selector.packs.language.facts import Registry

Facts = Mapping[str, object]
Answer = Callable[[Facts], Any]  # a truth value, a number or a text; None for unknown


@dataclass(frozen=True)
class Condition:
    """A compiled condition."""

    text: str
    node: tree.Node
    facts: frozenset[str]

    def evaluate(self, facts: Facts) -> bool | None:
        """True, False or None."""
        found: bool | None = self._answer(facts)
        return found

    @cached_property
    def _answer(self) -> Answer:
        return _asked(self.node)

    def column(self, columns: Mapping[str, Sequence[object]], size: int) -> Any:
        """Float column of `size` answers: 1 true, 0 false, nan unknown."""
        from selector.packs.language import array

        return array.evaluate(self.node, columns, size)

    def trace(self, facts: Facts) -> dict[str, object]:
        """The facts that it mentions with their values; None where unknown."""
        return {name: facts.get(name) for name in sorted(self.facts)}


def compile_condition(text: str, registry: Registry) -> Condition:
    """Parse, check and wrap a condition; raises `ConditionError`."""
    node = tree.parse(text, registry)
    return Condition(text, node, tree.facts_of(node))


def _asked(node: tree.Node) -> Answer:
    """A node as a function of facts, made once: to walk the tree for each stack costs several times more."""
    match node:
        case tree.Literal(value):
            return lambda _: value
        case tree.Name(fact):
            return _get(fact.name)
        case tree.Known(fact):
            return _known(fact.name)
        case tree.Not(part):
            return _each(_asked(part), operator.not_)
        case tree.Logic(op, parts):
            return _logic(op == "or", tuple(map(_asked, parts)))
        case tree.Compare(op, left, right):
            return _both(_asked(left), _asked(right), _COMPARE[op])
        case tree.Among(part, values, negated):
            return _each(_asked(part), lambda found: (found in values) != negated)
        case tree.Maths(op, left, right):
            return _both(_asked(left), _asked(right), _MATHS[op])
        case tree.Overlaps(fact, values):
            return _each(_get(fact.name), lambda found: not values.isdisjoint(found))
        case tree.Version(fact, spec):
            return _each(_get(fact.name), lambda found: version_in(found, spec))


def _get(name: str) -> Answer:
    return lambda facts: facts.get(name)


def _known(name: str) -> Answer:
    return lambda facts: facts.get(name) is not None


def _each(part: Answer, work: Callable[[Any], Any]) -> Answer:
    """What is worked out of one part; unknown where that is."""

    def answer(facts: Facts) -> Any:
        found = part(facts)
        return None if found is None else work(found)

    return answer


def _both(left: Answer, right: Answer, work: Callable[[Any, Any], Any]) -> Answer:
    """What is worked out of two parts; unknown where one is."""

    def answer(facts: Facts) -> Any:
        one, other = left(facts), right(facts)
        return None if one is None or other is None else work(one, other)

    return answer


def _logic(decisive: bool, parts: Sequence[Answer]) -> Answer:
    """`or` where true decides, `and` where false does; unknown where nothing does and a part is unknown."""

    def answer(facts: Facts) -> bool | None:
        found: bool | None = not decisive
        for part in parts:
            told: bool | None = part(facts)
            if told is decisive:
                return decisive
            if told is None:
                found = None
        return found

    return answer


def _quotient(left: float, right: float) -> float | None:
    return None if right == 0 else left / right


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_MATHS: Mapping[str, Callable[[Any, Any], float | None]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _quotient,
}  # fmt: skip


@cache  # few versions and few ranges, asked for again and again
def version_in(text: object, spec: str) -> bool | None:
    """Whether a version lies in a range of the packaging syntax; None where it is unknown or no version."""
    if text is None:
        return None
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(spec).contains(str(text), prereleases=True)
    except InvalidVersion:
        return None
