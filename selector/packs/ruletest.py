"""Run the tests that stand inside rules, risks, duties, uses and advisories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selector.packs.catalog import Catalogue
from selector.types.catalog import Risk
from selector.types.rule import RuleTest

WORDS = {True: "fires", False: "quiet", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one rule."""

    rule: str
    number: int
    expect: str
    got: str

    @property
    def passed(self) -> bool:
        """True when the rule did what the test expects."""
        return self.expect == self.got


def run(catalogue: Catalogue, pack: str | None = None) -> list[Outcome]:
    """All tests of rules, risks, duties, uses and advisories, or those of one pack."""
    found = []
    for rule in catalogue.rules.values():
        if pack is None or rule.pack == pack:
            for number, test in enumerate(rule.tests, 1):
                got = _answer(catalogue, rule.when, test.given)
                found.append(Outcome(rule.id, number, test.expect, got))
    for risk in catalogue.risks.values():
        if pack is None or catalogue.raw.owner("risks", risk.id) == pack:
            found += _risk(risk, catalogue)
    for kind, key, name, text, tests in legal_cases(catalogue):
        if pack is None or catalogue.raw.owner(kind, key) == pack:
            for number, case in enumerate(tests, 1):
                found.append(Outcome(name, number, case.expect, _answer(catalogue, text, case.given)))
    return found


def legal_cases(catalogue: Catalogue) -> Iterator[tuple[str, str, str, str, tuple[RuleTest, ...]]]:
    """Conditions of duties, of uses that licences forbid, and of advisories, with their cases: kind and id
    of the entry, name to print, condition, cases."""
    for regulation in catalogue.regulations.values():
        for duty in regulation.duties:
            if duty.when is not None:
                yield "regulations", regulation.id, duty.id, duty.when, duty.tests
            if duty.met is not None:
                yield "regulations", regulation.id, f"{duty.id} met", duty.met, duty.met_tests
    for use in catalogue.uses.values():
        if use.when is not None:
            yield "uses", use.id, f"use {use.id}", use.when, use.tests
    for advisory in catalogue.advisories.values():
        if advisory.when is not None:
            yield "advisories", advisory.id, advisory.id, advisory.when, advisory.tests


def _risk(risk: Risk, catalogue: Catalogue) -> Iterator[Outcome]:
    """Whether a risk applies, and each of its modifiers that a test speaks of."""
    for number, test in enumerate(risk.tests, 1):
        yield Outcome(risk.id, number, test.expect, _answer(catalogue, risk.applies, test.given))
        for place, (modifier, expect) in enumerate(zip(risk.modifiers, test.modifiers, strict=False), 1):
            got = _answer(catalogue, modifier.when, test.given)
            yield Outcome(f"{risk.id} modifier {place}", number, expect, got)


def _answer(catalogue: Catalogue, text: str, given: Mapping[str, object]) -> str:
    known = {k: frozenset(v) if isinstance(v, list | tuple) else v for k, v in given.items()}
    return WORDS[catalogue.condition(text).evaluate(known)]
