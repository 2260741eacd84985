"""Rules of a pack: a condition, one effect, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Effect(Enum):
    """The seven things a rule may do, and no others."""

    VETO = "veto"
    WARN = "warn"
    ADJUST = "adjust"
    POINTS = "points"
    WEIGHT = "weight"
    RISK = "risk"
    ADVISE = "advise"


class Severity(Enum):
    """How bad, least first."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class RuleTest:
    """Facts given, outcome expected: fires, quiet or unknown."""

    given: Mapping[str, object]
    expect: str


@dataclass(frozen=True, slots=True)
class RiskTest:
    """Facts given; whether the risk applies and which modifiers hold, each as fires, quiet or unknown."""

    given: Mapping[str, object]
    expect: str
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One judgement of a pack."""

    id: str
    title: str
    effect: Effect
    when: str
    why: str
    source: tuple[str, ...]
    as_of: str
    pack: str = ""
    applies: str | None = None  # outside it the rule is not-applicable
    severity: Severity = Severity.MEDIUM
    confidence: str = "medium"  # high medium low
    on_unknown: str = "warn"  # pass warn fail
    points: float | None = None  # effect points
    quantity: str = ""  # effect adjust: cost latency quality
    factor: float = 1.0
    factor_low: float = 1.0
    factor_high: float = 1.0
    criterion: str = ""  # effect weight
    risk: str | None = None  # effect risk
    advice: str | None = None  # effect advise: line of the plan
    topic: str | None = None  # of that line: schedule optimiser tuning ...; framework: no stack is judged
    settings: Mapping[str, object] = field(
        default_factory=dict
    )  # of that line, by the fragment that takes them
    evidence: str | None = None  # fact scored, so that it is not counted twice
    fix: str | None = None
    review_by: str | None = None
    policies: tuple[str, ...] = ()  # applies in these policies of `check` alone; empty: everywhere
    waivable: bool = True
    tests: tuple[RuleTest, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Finding:
    """What a gate rule says about one stack; outcome pass fail unknown not_applicable error."""

    rule: str
    title: str
    severity: Severity
    confidence: str
    outcome: str
    message: str
    why: str
    fix: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    unit: str | None = None  # deployment unit that it speaks of
    subject: str = ""  # what it is about in words that do not move with lines; keys a baseline


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of gate rules, and facts of the requirement that it takes for granted."""

    id: str
    title: str
    why: str
    source: tuple[str, ...]
    as_of: str
    extends: tuple[str, ...] = ()
    assumes: Mapping[str, object] = field(default_factory=dict)
