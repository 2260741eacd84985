"""What `explain` returns: why a stack is where it is, what would change it, what a number is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from selector.types.decision import Exclusion, Relaxation
from selector.types.robust import ExchangeRate, StackRef, WinsIf


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a number at the end of a formula comes from.

    Kind: fact, parameter, requirement (stated), assumption (of a requirement), choice (what the
    search settled on), rule, measurement (of the user's).
    """

    kind: str
    where: str  # file of the packs, key of the requirements, or step of the search
    source: tuple[str, ...] = ()
    as_of: str | None = None
    why: str = ""
    low: float | None = None
    high: float | None = None
    judgement: bool | None = None  # None: not a parameter
    fitted_on: str | None = None
    points: int | None = None  # that it was fitted on


@dataclass(frozen=True, slots=True)
class Node:
    """One number. An inner node has an expression over the symbols of its children; a leaf an origin."""

    id: str
    symbol: str
    value: float
    unit: str
    words: str
    formula: str | None = None
    expression: str | None = None
    children: tuple[str, ...] = ()  # ids, in the order of their first use
    symbols: Mapping[str, str] | None = None  # symbol in the expression -> id of the child
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed number and everything behind it; `value` None and `why` where it is not known."""

    path: str
    stack: StackRef
    value: float | None
    unit: str
    root: str | None
    nodes: tuple[Node, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What one criterion or rule adds to the lead of a stack, in points."""

    id: str
    kind: str  # criterion | rule
    points: float
    own: float
    other: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the score of the other stack to the score of this one; the steps sum to the gap."""

    other: StackRef
    score: float
    other_score: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Points of one criterion, so that they can be worked out again by hand."""

    criterion: str
    figure: float | None
    unit: str
    worst: float
    target: float
    ideal: float
    at_target: float
    log: bool
    value: float  # 0 to 100 on the value function
    weight: float  # percent
    points: float
    known: bool
    why: str


@dataclass(frozen=True, slots=True)
class WeightOrigin:
    """An effective weight, in percent, and where it came from."""

    criterion: str
    weight: float
    stated: bool
    why: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit or veto that a stack does not keep; numbers None where it is not a numeric limit."""

    id: str
    kind: str  # limit | veto | pin | unverified
    value: float | None
    limit: float | None
    unit: str
    ratio: float | None  # value over limit
    needed: str  # what would let the stack through
    why: str = ""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """How far one requirement moves before another stack comes first (or none is left).

    `low` and `high` bound the values at which the first stack stays: None where it stays as far as
    was looked. The change lies between `low_turns` and `low`, and between `high` and `high_turns`.
    """

    key: str
    unit: str
    now: float
    low: float | None
    low_turns: float | None
    low_then: str | None
    high: float | None
    high_turns: float | None
    high_then: str | None
    least: float  # lowest value looked at
    most: float  # highest value looked at
    evaluations: int


@dataclass(frozen=True, slots=True)
class LoadCell:
    """Cost of the best hosted and the best self-hosted stack at one load and utilisation."""

    requests_per_s: float  # at peak
    utilisation: float  # active hours over all hours, times mean over peak load
    tokens_per_month: float
    hosted_usd: float
    own_usd: float
    devices: float
    cheaper: str  # hosted | self-hosted | equal


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the two cost the same, between `low` and `high` of one quantity; None: nowhere looked at."""

    quantity: str  # tokens_per_month | requests_per_s | utilisation
    unit: str
    low: float | None
    high: float | None
    method: str  # formula | bisection
    note: str


@dataclass(frozen=True, slots=True)
class ApiOrOwn:
    """Hosted model against own operation over load and utilisation."""

    hosted: StackRef | None
    own: StackRef | None
    cells: tuple[LoadCell, ...]
    crossings: tuple[Crossing, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Fired:
    """A condition that was judged, the facts it looked at, and the answer: True, False or unknown."""

    what: str
    condition: str
    answer: bool | None
    facts: Mapping[str, object]
    why: str = ""
    likelihood: int = 0
    impact: int = 0


@dataclass(frozen=True, slots=True)
class Protection:
    """A mitigation that is chosen or possible for a risk of a stack."""

    id: str
    name: str
    chosen: bool
    applicable: bool  # False: not with this hosting
    likelihood: float  # factor on it
    impact: float
    days_low: float
    days_high: float
    usd_per_month: float | None
    owner: str | None
    basis: str
    source: str
    as_of: str
    residual_alone: float | None  # score with this one only


@dataclass(frozen=True, slots=True)
class RiskView:
    """One risk of one stack, from what made it apply to what is left of it."""

    id: str
    name: str
    category: str
    owner: str
    applies: bool | None
    likelihood: int  # 1 to 5, in the register
    impact: int
    likelihood_now: int  # after modifiers
    impact_now: int
    inherent: str
    residual: str
    inherent_score: float
    residual_score: float
    accepted: bool
    triggers: tuple[Fired, ...]
    modifiers: tuple[Fired, ...]
    mitigations: tuple[Protection, ...]
    references: Mapping[str, str]
    aliases: tuple[str, ...]
    basis: str
    source: str
    as_of: str
    scale: tuple[float, ...]  # value of each step 1 to 5
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StackView:
    """The stack that is asked about."""

    ref: StackRef
    place: int | None  # among all that pass, near-duplicates too; None: left out
    score: float
    provisional: bool
    slots: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that one call of `explain` says; parts that were not asked for are None or empty."""

    name: str
    component: str | None
    stack: StackView | None  # None: no candidate fits anything
    waterfall: Waterfall | None
    anchors: tuple[Anchor, ...]
    weights: tuple[WeightOrigin, ...]
    exchange: tuple[ExchangeRate, ...]  # what a point is worth to the stack
    broken: tuple[Broken, ...]
    dominated_by: tuple[StackRef, ...]
    wins_if: tuple[WinsIf, ...]
    break_evens: tuple[BreakEven, ...]
    api_or_own: ApiOrOwn | None
    inputs: Mapping[str, object]
    notes: tuple[str, ...] = ()
    excluded: tuple[Exclusion, ...] = ()  # these two only where no stack passes
    relaxations: tuple[Relaxation, ...] = ()
