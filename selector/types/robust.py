"""How sure a ranking is: its stability, what would change it, and what to measure first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StackRef:
    """A stack by its id; `label` only where it is among those shown."""

    id: str
    what: str  # one line: model, precision, devices, engine or vendor
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Sampled acceptability of one stack and its near-duplicates; all shares are fractions of the draws."""

    stack: StackRef
    p_best: float
    p_top3: float
    expected_rank: float
    score_p10: float
    score_p90: float
    central_weights: Mapping[str, float] | None  # mean weights of the draws that it wins; None: it wins none
    p_beats_first: float


@dataclass(frozen=True, slots=True)
class WeightInterval:
    """Weights of one criterion, in percent of the total, at which the same stack stays first.

    The other weights are scaled in proportion. A rival is None where the interval ends at 0 or 100.
    """

    criterion: str
    weight: float
    low: float
    high: float
    rival_low: StackRef | None
    rival_high: StackRef | None


@dataclass(frozen=True, slots=True)
class Overtaker:
    """A rival that comes first somewhere within the box of weights; `points` by which, at most."""

    stack: StackRef
    points: float
    weights: Mapping[str, float]  # percent, where it leads most


@dataclass(frozen=True, slots=True)
class Decisive:
    """A figure of a stack that is worth measuring first."""

    stack: StackRef
    criterion: str
    known: bool  # False: no figure at all, so that any value is possible
    evpi_points: float
    evpi_usd_per_month: float | None  # by the exchange rate of cost, where it is defined
    turns: bool  # the first place changes between the adverse and the favourable end
    why: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Change of one criterion that is worth one point, at the first stack; None where the value is flat."""

    criterion: str
    per_point: float | None
    unit: str
    at: float  # the figure of the first stack, where the rate holds


@dataclass(frozen=True, slots=True)
class WinsIf:
    """One change by which a rival comes first; `needed` None: no value of it alone does."""

    stack: StackRef
    kind: str  # criterion | weight | limit
    key: str
    unit: str
    now: float
    needed: float | None


@dataclass(frozen=True, slots=True)
class ParetoPoint:
    """A stack that no other betters on cost, quality and latency together."""

    stack: StackRef
    usd_per_month: float
    quality: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Robustness:
    """What the ranking rests on. Empty parts mean that there is no rival to compare with."""

    samples: int
    seed: int
    screened: int  # stacks that entered the draws, one for each group of near-duplicates
    shares: tuple[Share, ...]
    intervals: tuple[WeightInterval, ...]
    box: float  # half width of the box of weights, fraction of each
    overtakers: tuple[Overtaker, ...]
    overtaking: int  # choices that do, also those that `overtakers` has no room for
    max_regret_points: float  # of the first stack within the box; 0: nothing overtakes
    l2_radius: float | None  # distance of the nearest weights (sum 1) at which a rival ties
    l2_rival: StackRef | None
    necessarily_preferred: int  # rivals that the first beats under all weights in the stated order
    rivals: int  # groups of near-duplicates compared with
    regret_points: float  # expected loss of taking the first stack
    evpi_points: float
    evpi_usd_per_month: float | None
    disappointment_points: float  # expected shortfall of its printed score (optimiser's curse)
    entropy_bits: float
    p_best_any_weights: float  # share of the first under weights drawn from the whole simplex
    measure_first: tuple[Decisive, ...]
    exchange: tuple[ExchangeRate, ...]
    wins_if: tuple[WinsIf, ...]
    pareto: tuple[ParetoPoint, ...]
    tied_points: float  # at most so far behind the first is practically tied with it
    tied_probability: float  # or so often before it: share of the draws
    tied: tuple[StackRef, ...] = field(default=())  # practically tied with the first
