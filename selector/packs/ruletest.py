"""Run the tests that stand inside rules, risks, implications, regulations, uses and advisories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from selector.packs.catalog import Catalogue
from selector.types.register import Risk
from selector.types.regulation import Regulation
from selector.types.rule import RuleTest

WORDS = {True: "fires", False: "quiet", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one condition of a rule, risk, modifier, implication, regulation, duty, use or advisory."""

    kind: str  # of the entry: rules risks implications regulations uses advisories
    key: str
    part: str  # what of the entry is tested; empty for the entry itself
    number: int
    expect: str
    got: str

    @property
    def passed(self) -> bool:
        """True when the rule did what the test expects."""
        return self.expect == self.got

    @property
    def name(self) -> str:
        """What is tested, in one piece."""
        return f"{self.key} {self.part}".rstrip()


def run(catalogue: Catalogue, pack: str | None = None) -> list[Outcome]:
    """All tests of rules, risks, implications, regulations, uses and advisories, or those of one pack."""
    found = []
    for rule in catalogue.rules.values():
        if pack is None or rule.pack == pack:
            for number, test in enumerate(rule.tests, 1):
                got = _answer(catalogue, rule.when, test.given)
                found.append(Outcome("rules", rule.id, "", number, test.expect, got))
    for risk in catalogue.risks.values():
        if pack is None or catalogue.raw.owner("risks", risk.id) == pack:
            found += _risk(risk, catalogue)
    for follows in catalogue.implications.values():
        if pack is None or catalogue.raw.owner("implications", follows.id) == pack:
            for number, test in enumerate(follows.tests, 1):
                got = _answer(catalogue, follows.when, test.given)
                found.append(Outcome("implications", follows.id, "", number, test.expect, got))
    for kind, key, part, text, tests in legal_cases(catalogue):
        if pack is None or catalogue.raw.owner(kind, key) == pack:
            for number, (given, expect) in enumerate(tests, 1):
                found.append(Outcome(kind, key, part, number, expect, _answer(catalogue, text, given)))
    return found


Cases = tuple[tuple[Mapping[str, object], str], ...]


def legal_cases(catalogue: Catalogue) -> Iterator[tuple[str, str, str, str, Cases]]:
    """Conditions of regulations and their duties, of uses that licences forbid, and of advisories, with their
    cases: kind and id of the entry, part of it, condition, cases."""
    for regulation in catalogue.regulations.values():
        yield from _regulation(regulation)
    for use in catalogue.uses.values():
        if use.when is not None:
            yield "uses", use.id, "", use.when, _pairs(use.tests)
    for advisory in catalogue.advisories.values():
        if advisory.when is not None:
            yield "advisories", advisory.id, "", advisory.when, _pairs(advisory.tests)


def _regulation(regulation: Regulation) -> Iterator[tuple[str, str, str, str, Cases]]:
    """Whether a regulation applies, and each of its duties that has a condition of its own."""
    tests = regulation.tests
    if regulation.applies is not None:
        cases = tuple((t.given, t.expect) for t in tests)
        yield "regulations", regulation.id, "", regulation.applies, cases
    for number, duty in enumerate(regulation.duties):
        if duty.when is not None:
            cases = tuple((t.given, t.duties[number]) for t in tests if number < len(t.duties))
            yield "regulations", regulation.id, duty.ref, duty.when, cases


def _pairs(tests: Iterable[RuleTest]) -> Cases:
    return tuple((t.given, t.expect) for t in tests)


def _risk(risk: Risk, catalogue: Catalogue) -> Iterator[Outcome]:
    """Whether a risk applies, and each of its modifiers that a test speaks of."""
    for number, test in enumerate(risk.tests, 1):
        got = _answer(catalogue, risk.applies, test.given)
        yield Outcome("risks", risk.id, "", number, test.expect, got)
        for place, (modifier, expect) in enumerate(zip(risk.modifiers, test.modifiers, strict=False), 1):
            got = _answer(catalogue, modifier.when, test.given)
            yield Outcome("risks", risk.id, f"modifier {place}", number, expect, got)


def _answer(catalogue: Catalogue, text: str, given: Mapping[str, object]) -> str:
    known = {k: frozenset(v) if isinstance(v, list | tuple) else v for k, v in given.items()}
    return WORDS[catalogue.condition(text).evaluate(known)]
