"""Risks of the register in the stacks that were judged, where requirements say how much risk is too much.

`recommend` chooses mitigations until the appetite is reached; a repository has only those that are in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from selector.check import doubt
from selector.check.judge import Case
from selector.errors import Position
from selector.needs.defaults import Resolved
from selector.needs.risks import accepted, held
from selector.packs.catalog import Catalogue
from selector.risk import assess, implied
from selector.types.register import Risk
from selector.types.rule import Effect, Finding, Severity

MOST_NAMED = 6
WHY = "The requirements say how much risk is taken (risk.appetite) and who answers for more (risk.accepted)."


@dataclass(slots=True)
class Above:
    """Risks of one stack that are above the appetite, with their level; `open_` are facts that decide."""

    certain: list[str] = field(default_factory=list)
    possible: list[str] = field(default_factory=list)
    open_: set[str] = field(default_factory=set)


def findings(
    resolved: Resolved, cases: Sequence[Case], mitigations: Iterable[str], cat: Catalogue, today: date
) -> Iterator[Finding]:
    """RISK-001 and RISK-002 of each stack, ACCEPT-002 of acceptances that no stack needs; `mitigations` are
    those that a declared stack has."""
    need = resolved.requirement
    asked = Asked(cat)
    declared = [c for c in cases if c.unit is None]
    stacks = [c for c in cases if c.subject.model_name is not None]
    met: set[str] = set()
    for case in stacks:
        met |= {risk.id for risk, answer, _ in asked.risks(case) if answer is not False}
    if stacks:
        yield from _unmatched(resolved, met, today)
    controls = dict.fromkeys(mitigations, assess.DECLARED) | held(need, cat)
    goal, passed = str(need.risk.appetite), frozenset(accepted(need, today))
    named = goal if resolved.is_stated("risk.appetite") else f"{goal}, assumed"
    told: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    for case in declared or stacks:
        above = asked.above(case, controls, goal, passed)
        key = tuple(above.certain), tuple(above.possible)
        if key not in told:
            told.add(key)
            yield from _named(above, named, len(controls), case)


class Asked:
    """The register, asked stack by stack."""

    def __init__(self, cat: Catalogue) -> None:
        """Gather what makes each risk apply: its own trigger, and rules."""
        self._cat = cat
        self._applies: dict[str, list[str]] = {r.id: [r.applies] for r in cat.risks.values()}
        for rule in cat.rules.values():
            if rule.effect is Effect.RISK and rule.risk in self._applies:
                self._applies[rule.risk].append(rule.when)

    def _facts(self, case: Case) -> Mapping[str, object]:
        known = {**case.facts, **case.told.facts}
        return implied.of_requirement(known, self._cat.implications.values(), self._cat.condition)

    def risks(self, case: Case) -> Iterator[tuple[Risk, bool | None, list[str]]]:
        """Each risk: whether it applies, and the facts that are not known where that is not."""
        known = self._facts(case)
        for risk in self._cat.risks.values():
            conditions = [self._cat.condition(text) for text in self._applies[risk.id]]
            answers = [doubt.evaluate(c, known, case.own_engine) for c in conditions]
            open_ = [
                u
                for c, a in zip(conditions, answers, strict=True)
                if a is None
                for u in doubt.unknown(c, known)
            ]
            yield risk, True if True in answers else None if None in answers else False, open_

    def above(self, case: Case, controls: Mapping[str, str], goal: str, passed: frozenset[str]) -> Above:
        """Risks that the controls in place leave above the appetite."""
        cat, known, found = self._cat, self._facts(case), Above()
        scales = assess.scales(cat.scoring, controls)
        usable = {m: cat.mitigations[m] for m in controls if m in cat.mitigations}
        for risk, answer, open_ in self.risks(case):
            modifiers = [cat.condition(m.when).evaluate(known) for m in risk.modifiers]
            item = assess.trigger(risk, answer, modifiers)
            if item is None or risk.id in passed:
                continue
            level = assess.level(item, tuple(usable), usable, scales)
            if assess.exceeds(level, goal):
                (found.certain if item.certain else found.possible).append(f"{risk.id} ({level})")
                found.open_ |= set() if item.certain else set(open_)
        return found


def _named(above: Above, goal: str, controls: int, case: Case) -> Iterator[Finding]:
    at = case.subject.plan.where("stack")
    unit = case.subject.plan.unit
    fix = "list controls in place under risk.controls (`selector recommend` chooses the cheapest), or "
    if above.certain:
        text = (
            f"Risks are above the appetite ({goal}) with {controls} controls in place: {_few(above.certain)}"
        )
        yield _finding("RISK-001", Severity.MEDIUM, "fail", text, f"{fix}have a risk accepted", at, unit)
    if above.possible:
        text = f"Risks above the appetite ({goal}) are possible: {_few(above.possible)}"
        settled = doubt.tell(sorted(above.open_)) or "state more of the stack"
        yield _finding("RISK-002", Severity.LOW, "unknown", text, f"{settled}; or {fix}accept them", at, unit)


def _few(rows: Sequence[str]) -> str:
    more = len(rows) - MOST_NAMED
    return ", ".join(rows[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _unmatched(resolved: Resolved, met: set[str], today: date) -> Iterator[Finding]:
    """ACCEPT-002: what is accepted and applies to nothing hides a risk that comes later."""
    need = resolved.requirement
    for number, one in enumerate(need.risk.accepted):
        name = one if isinstance(one, str) else one.risk
        if name in accepted(need, today) and name not in met:
            at = resolved.stated.document.where(("risk", "accepted", number))
            text = f"{name} is accepted, and no stack that was checked has it"
            found = _finding("ACCEPT-002", Severity.LOW, "fail", text, "take it out", at, None)
            yield replace(
                found, why="An acceptance that nobody needs would hide the risk once a stack has it."
            )


def _finding(
    code: str, severity: Severity, outcome: str, text: str, fix: str, at: Position, unit: str | None
) -> Finding:
    title = TITLES[code]
    place = (at.file, at.line, at.column)
    return Finding(code, title, severity, "high", outcome, text, WHY, fix, *place, unit, text)


TITLES = {
    "RISK-001": "Risks are above the appetite",
    "RISK-002": "Risks above the appetite are possible",
    "ACCEPT-002": "An acceptance of a risk matches nothing",
}
