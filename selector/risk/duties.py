"""Which duties of which regulations a stack has, and what keeps them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from selector.risk.advisories import Asks
from selector.types.regulation import Duty, DutyRow, Regulation
from selector.types.rule import Severity

# A duty is never worth points: it is closed before launch, watched, or told.
LEVELS = {"block": Severity.HIGH, "warn": Severity.MEDIUM, "info": Severity.LOW}
ORDER = ("open", "planned", "later", "kept", "possible")


@dataclass(frozen=True, slots=True)
class Kept:
    """What duties are kept with, by id; and the regulations that the requirements name."""

    held: Collection[str]
    planned: Collection[str]
    contracts: Collection[str]
    named: Collection[str]


def rows(
    regulations: Iterable[Regulation],
    facts: Mapping[str, object],
    kept: Kept,
    today: date,
    condition: Callable[[str], Asks],
) -> tuple[DutyRow, ...]:
    """Duties that do not fail to apply: the open ones first, the severe before the others."""
    found = [row for regulation in regulations for row in _rows(regulation, facts, kept, today, condition)]
    severe = list(LEVELS.values())
    return tuple(sorted(found, key=lambda d: (ORDER.index(d.status), severe.index(d.severity), d.regulation)))


def _rows(
    regulation: Regulation,
    facts: Mapping[str, object],
    kept: Kept,
    today: date,
    condition: Callable[[str], Asks],
) -> Iterator[DutyRow]:
    applies, unknown = _answer(regulation.applies, facts, condition)
    if regulation.word in kept.named:
        applies, unknown = True, ()
    elif regulation.applies is None or applies is False:
        return
    for duty in regulation.duties:
        holds, more = _answer(duty.when, facts, condition)
        if holds is False:
            continue
        certain = applies is True and holds is True
        missing = _missing(duty, kept)
        yield DutyRow(
            regulation=regulation.id,
            ref=duty.ref,
            what=duty.what,
            severity=LEVELS[duty.severity],
            status=_status(duty, kept, missing, today) if certain else "possible",
            since=duty.since,
            mitigations=duty.mitigations,
            missing=missing,
            unknown=() if certain else tuple(dict.fromkeys((*unknown, *more))),
            confidence=regulation.confidence,
            source=regulation.source,
        )


def _answer(
    text: str | None, facts: Mapping[str, object], condition: Callable[[str], Asks]
) -> tuple[bool | None, tuple[str, ...]]:
    """What a condition says, and the facts that would settle it where it says nothing."""
    if text is None:
        return True, ()
    asked = condition(text)
    answer = asked.evaluate(facts)
    return answer, tuple(k for k, v in asked.trace(facts).items() if v is None) if answer is None else ()


def _missing(duty: Duty, kept: Kept) -> tuple[str, ...]:
    have = {*kept.held, *kept.planned}
    lacking = [m for m in duty.mitigations if m not in have]
    papers = [c for c in duty.contracts if c not in kept.contracts]
    if duty.any_contract:
        papers = [] if len(papers) < len(duty.contracts) else [" or ".join(papers)]
    return (*lacking, *papers, *([duty.evidence] if duty.evidence else []))


def _status(duty: Duty, kept: Kept, missing: tuple[str, ...], today: date) -> str:
    if not missing:
        return "kept" if set(duty.mitigations) <= set(kept.held) else "planned"
    later = duty.since is not None and date.fromisoformat(duty.since) > today
    return "later" if later else "open"
