"""Regulations and standards, and the duties that they put on a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from selector.types.rule import Severity


@dataclass(frozen=True, slots=True)
class Milestone:
    """A day on which something of a regulation starts or ends."""

    on: str
    what: str


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty; `when` narrows it, and what shows that it is kept: mitigations, contracts, or a record."""

    ref: str
    what: str
    severity: str  # block: before launch; warn; info
    when: str | None = None
    since: str | None = None  # first day on which it binds; None where it has for long
    mitigations: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    any_contract: bool = False  # one of the contracts is enough
    evidence: str | None = None  # what no field of the requirements tells


@dataclass(frozen=True, slots=True)
class RegulationTest:
    """Facts given; whether the regulation applies and which duties hold, as fires, quiet or unknown."""

    given: Mapping[str, object]
    expect: str
    duties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Regulation:
    """A text; without `applies` it holds only where the requirements name it by its `word`."""

    id: str
    title: str
    confidence: str  # high: text read; medium: several sources agree; low: from knowledge
    source: tuple[str, ...]
    as_of: str
    duties: tuple[Duty, ...]
    word: str | None = None
    applies: str | None = None
    dates: tuple[Milestone, ...] = ()
    note: str | None = None
    tests: tuple[RegulationTest, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty of one stack: kept, planned (what keeps it is in the plan), open, later, or possible."""

    regulation: str
    ref: str
    what: str
    severity: Severity
    status: str
    since: str | None
    mitigations: tuple[str, ...]
    missing: tuple[str, ...]  # what would keep it
    unknown: tuple[str, ...]  # facts that settle whether it applies
    confidence: str
    source: tuple[str, ...]
