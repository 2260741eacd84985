"""Run the tests that stand inside rules, risks, implications and regulations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selector.packs.catalog import Catalogue
from selector.types.register import Risk
from selector.types.regulation import Regulation

WORDS = {True: "fires", False: "quiet", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one condition: of a rule, a risk or a modifier, an implication, a regulation or a duty."""

    kind: str  # of the entry: rules risks implications regulations
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
    """All tests of rules, risks, implications and regulations, or those of one pack."""
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
    for regulation in catalogue.regulations.values():
        if pack is None or catalogue.raw.owner("regulations", regulation.id) == pack:
            found += _regulation(regulation, catalogue)
    return found


def _regulation(regulation: Regulation, catalogue: Catalogue) -> Iterator[Outcome]:
    """Whether a regulation applies, and each of its duties that a test speaks of."""
    for number, test in enumerate(regulation.tests, 1):
        got = _answer(catalogue, regulation.applies, test.given)
        yield Outcome("regulations", regulation.id, "", number, test.expect, got)
        for duty, expect in zip(regulation.duties, test.duties, strict=False):
            got = _answer(catalogue, duty.when, test.given)
            yield Outcome("regulations", regulation.id, duty.ref, number, expect, got)


def _risk(risk: Risk, catalogue: Catalogue) -> Iterator[Outcome]:
    """Whether a risk applies, and each of its modifiers that a test speaks of."""
    for number, test in enumerate(risk.tests, 1):
        got = _answer(catalogue, risk.applies, test.given)
        yield Outcome("risks", risk.id, "", number, test.expect, got)
        for place, (modifier, expect) in enumerate(zip(risk.modifiers, test.modifiers, strict=False), 1):
            got = _answer(catalogue, modifier.when, test.given)
            yield Outcome("risks", risk.id, f"modifier {place}", number, expect, got)


def _answer(catalogue: Catalogue, text: str | None, given: Mapping[str, object]) -> str:
    if text is None:
        return WORDS[True]
    known = {k: frozenset(v) if isinstance(v, list | tuple) else v for k, v in given.items()}
    return WORDS[catalogue.condition(text).evaluate(known)]
