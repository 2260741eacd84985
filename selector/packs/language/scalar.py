"""Evaluate a condition on one set of facts, three-valued (Kleene): True, False, None for unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selector.packs.language import parse as tree
from selector.packs.language.facts import Registry

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition."""

    text: str
    node: tree.Node
    facts: frozenset[str]

    def evaluate(self, facts: Facts) -> bool | None:
        """True, False or None."""
        found: bool | None = _value(self.node, facts)
        return found

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


def _value(node: tree.Node, facts: Facts) -> Any:
    match node:
        case tree.Literal(value):
            return value
        case tree.Name(fact):
            return facts.get(fact.name)
        case tree.Known(fact):
            return facts.get(fact.name) is not None
        case tree.Not(part):
            found = _value(part, facts)
            return None if found is None else not found
        case tree.Logic(op, parts):
            return _logic(op, parts, facts)
        case tree.Compare(op, left, right):
            return _compare(op, _value(left, facts), _value(right, facts))
        case tree.Among(part, values, negated):
            found = _value(part, facts)
            return None if found is None else (found in values) != negated
        case tree.Maths(op, left, right):
            return _maths(op, _value(left, facts), _value(right, facts))
        case tree.Overlaps(fact, values):
            members: Any = facts.get(fact.name)
            return None if members is None else not values.isdisjoint(members)
        case tree.Version(fact, spec):
            return version_in(facts.get(fact.name), spec)


def _logic(op: str, parts: Sequence[tree.Node], facts: Facts) -> bool | None:
    decisive = op == "or"
    answer: bool | None = not decisive
    for part in parts:
        told: bool | None = _value(part, facts)
        if told is decisive:
            return decisive
        if told is None:
            answer = None
    return answer


def _compare(op: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    if op in ("==", "!="):
        return bool((left == right) == (op == "=="))
    found: bool = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]
    return found


def _maths(op: str, left: Any, right: Any) -> float | None:
    if left is None or right is None or (op == "/" and right == 0):
        return None
    found: float = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
    }[op]()
    return found


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
