"""Run the tests that stand inside rules."""

from __future__ import annotations

from dataclasses import dataclass

from selector.packs.catalog import Catalogue

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
    """All tests, or those of one pack."""
    found = []
    for rule in catalogue.rules.values():
        if pack is not None and rule.pack != pack:
            continue
        condition = catalogue.condition(rule.when)
        for number, test in enumerate(rule.tests, 1):
            given = {k: frozenset(v) if isinstance(v, list) else v for k, v in test.given.items()}
            found.append(Outcome(rule.id, number, test.expect, WORDS[condition.evaluate(given)]))
    return found
