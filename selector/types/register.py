"""The risk register of the packs: risks, mitigations, what follows from facts, and schemes of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selector.types.rule import RiskTest, RuleTest


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A protection with its residual factors on likelihood and impact (1 = no effect)."""

    id: str
    name: str
    likelihood: float
    impact: float
    basis: str  # where the factors come from; 'judgement' where nobody measured
    source: str
    as_of: str
    days_low: float
    days_high: float
    usd_per_month_low: float | None = None  # running cost; None where nobody knows it
    usd_per_month_high: float | None = None
    owner: str | None = None
    on: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # risk id -> {likelihood, impact}
    hosting: tuple[str, ...] = ()  # where it can be applied; empty = anywhere
    contracts: tuple[str, ...] = ()  # of the requirement: each puts it in place
    structural: bool = False  # makes another stack of it, so it is never chosen for one
    references: Mapping[str, str] = field(default_factory=dict)  # taxonomy -> ids
    note: str | None = None

    @property
    def days(self) -> float:
        """Person-days, middle of the range."""
        return (self.days_low + self.days_high) / 2.0

    @property
    def usd_per_month(self) -> float | None:
        """Running cost, middle of the range; None where nobody knows it."""
        if self.usd_per_month_low is None or self.usd_per_month_high is None:
            return None
        return (self.usd_per_month_low + self.usd_per_month_high) / 2.0


@dataclass(frozen=True, slots=True)
class Modifier:
    """Moves a risk's likelihood or impact when a condition holds."""

    when: str
    likelihood: int = 0
    impact: int = 0
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A row of the register; applies when the condition (rule language) holds."""

    id: str
    name: str
    category: str
    likelihood: int
    impact: int
    applies: str
    basis: str
    source: str
    as_of: str
    owner: str
    modifiers: tuple[Modifier, ...] = ()
    mitigations: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    tests: tuple[RiskTest, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Implication:
    """Facts that follow where a condition (rule language) holds and nobody states them."""

    id: str
    when: str
    sets: Mapping[str, object]
    why: str
    tests: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A scheme of ids that risks and mitigations refer to, in one version.

    `checked` is False where its ids were compared neither with the published text nor with lists of others
    that agree; `read` says with which.
    """

    id: str
    title: str
    version: str
    date: str
    ids: str  # regular expression of one id
    checked: bool
    read: str  # what was read, and when; where nothing, why not
    url: str | None = None
    note: str | None = None
