"""Flip every comparison of every condition in the packs and see whether a case beside it notices.

    python scripts/mutate_rules.py [--suggest]

A mutant changes one thing: an operator, a membership, a negation, `and` for `or`. It is killed where some
case of the rule gets another answer. Rules, risks with their modifiers, implications, regulations with their
duties, uses that licences forbid, and advisories are mutated;
`--suggest` prints for each survivor a case that would kill it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selector.packs.catalog import Catalogue, load
from selector.packs.language import parse as tree
from selector.packs.language.scalar import Condition
from selector.packs.ruletest import WORDS, legal_cases

FLIPS = {
    "==": ("!=",),
    "!=": ("==",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
}
MOST_TRIED = 60_000


@dataclass(frozen=True)
class Cased:
    """A condition with its cases."""

    kind: str
    id: str
    text: str
    cases: tuple[tuple[Mapping[str, object], str], ...]


def mutants(node: tree.Node) -> Iterator[tuple[str, tree.Node]]:
    """Every tree that differs in one place, with what was done."""
    match node:
        case tree.Compare(op, left, right):
            for other in FLIPS[op]:
                yield f"{op} -> {other}", tree.Compare(other, left, right)
        case tree.Among(part, values, negated):
            yield "in flipped", tree.Among(part, values, not negated)
        case tree.Not(part):
            yield "not dropped", part
            for what, inner in mutants(part):
                yield what, tree.Not(inner)
        case tree.Logic(op, parts):
            other = "or" if op == "and" else "and"
            yield f"{op} -> {other}", tree.Logic(other, parts)
            for i, part in enumerate(parts):
                for what, inner in mutants(part):
                    yield what, tree.Logic(op, (*parts[:i], inner, *parts[i + 1 :]))
        case tree.Overlaps() | tree.Known() | tree.Version() | tree.Name():
            yield "negated", tree.Not(node)


def survivors(cat: Catalogue, cased: Cased) -> tuple[int, list[tuple[str, tree.Node]]]:
    """How many mutants a condition has, and those that no case notices."""
    node = cat.condition(cased.text).node
    every = list(mutants(node))
    return len(every), [
        (what, mutant)
        for what, mutant in every
        if all(WORDS[answer(mutant, given)] == expect for given, expect in cased.cases)
    ]


def answer(node: tree.Node, given: Mapping[str, object]) -> bool | None:
    """What a tree says of some facts."""
    return Condition("", node, frozenset()).evaluate(given)


def all_cased(cat: Catalogue) -> Iterator[Cased]:
    """Every condition of the packs that is tested by cases."""
    for rule in cat.rules.values():
        cases = tuple((_facts(t.given), t.expect) for t in rule.tests)
        yield Cased("rule", rule.id, rule.when, cases)
    for risk in cat.risks.values():
        cases = tuple((_facts(t.given), t.expect) for t in risk.tests)
        yield Cased("risk", risk.id, risk.applies, cases)
        for number, modifier in enumerate(risk.modifiers):
            moved = tuple(
                (_facts(t.given), t.modifiers[number]) for t in risk.tests if number < len(t.modifiers)
            )
            yield Cased("modifier", f"{risk.id}[{number}]", modifier.when, moved)
    for one in cat.implications.values():
        cases = tuple((_facts(t.given), t.expect) for t in one.tests)
        yield Cased("implication", one.id, one.when, cases)
    for _, key, part, text, given in legal_cases(cat):
        yield Cased("legal", f"{key} {part}".rstrip(), text, tuple((_facts(g), e) for g, e in given))


def _facts(given: Mapping[str, object]) -> dict[str, object]:
    return {k: frozenset(v) if isinstance(v, list | tuple) else v for k, v in given.items()}


def suggest(cat: Catalogue, text: str, mutant: tree.Node) -> dict[str, object] | None:
    """The smallest facts that tell a mutant from its condition."""
    node = cat.condition(text).node
    names = sorted(tree.facts_of(node))
    pools = [_values(node, name) for name in names]
    tried = 0
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(range(len(names)), size):
            for values in itertools.product(*(pools[i] for i in chosen)):
                given = {names[i]: v for i, v in zip(chosen, values, strict=True)}
                tried += 1
                if answer(node, given) != answer(mutant, given):
                    return given
                if tried > MOST_TRIED:
                    return None
    return None


def _values(node: tree.Node, name: str) -> list[object]:
    """Values of a fact that make a difference to a condition."""
    found: list[object] = []
    for one in _walk(node):
        match one:
            case tree.Compare(_, tree.Name(fact), tree.Literal(value)) if fact.name == name:
                found += _about(value)
            case tree.Compare(_, tree.Literal(value), tree.Name(fact)) if fact.name == name:
                found += _about(value)
            case tree.Among(tree.Name(fact), values, _) if fact.name == name:
                found += [values[0], "other" if isinstance(values[0], str) else -1.0]
            case tree.Overlaps(fact, values) if fact.name == name:
                found += [frozenset({min(values)}), frozenset()]
            case tree.Name(fact) if fact.name == name and fact.type == "bool":
                found += [True, False]
            case tree.Known(fact) if fact.name == name:
                found += {"bool": [True], "number": [1.0], "set": [frozenset({"x"})]}.get(fact.type, ["x"])
            case tree.Name(fact) if fact.name == name and fact.type == "number":
                found += [0.0, 1.0, 1000.0]
    return list(dict.fromkeys(found))


def _about(value: object) -> list[object]:
    if isinstance(value, bool):
        return [value, not value]
    if isinstance(value, int | float):
        return [value, value - 1, value + 1]
    return [value, "other"]


def _walk(node: tree.Node) -> Iterator[tree.Node]:
    yield node
    match node:
        case tree.Logic(_, parts):
            for part in parts:
                yield from _walk(part)
        case tree.Not(part) | tree.Among(part, _, _):
            yield from _walk(part)
        case tree.Compare(_, left, right) | tree.Maths(_, left, right):
            yield from _walk(left)
            yield from _walk(right)


def main() -> None:
    """Mutate all, print what survives and the share that is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suggest", action="store_true")
    given = parser.parse_args()
    cat = load()
    total = alive = 0
    for cased in all_cased(cat):
        count, left = survivors(cat, cased)
        total, alive = total + count, alive + len(left)
        for what, mutant in left:
            line = f"{cased.kind} {cased.id}: {what}"
            if given.suggest:
                facts: Any = suggest(cat, cased.text, mutant)
                line += (
                    ""
                    if facts is None
                    else f"; {facts} -> {WORDS[answer(cat.condition(cased.text).node, facts)]}"
                )
            print(line)
    print(f"{total} mutants, {total - alive} killed ({(total - alive) / total:.1%}), {alive} alive")
    sys.exit(bool(alive))


if __name__ == "__main__":
    main()
