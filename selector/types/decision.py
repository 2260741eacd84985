"""What `recommend` returns: ranked stacks with their reasons, what was left out, what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from selector.types.estimate import Estimate, MemoryLedger
from selector.types.fresh import StalePrice
from selector.types.legal import Term
from selector.types.plan import Plan
from selector.types.regulation import DutyRow
from selector.types.robust import Robustness
from selector.types.rule import Finding
from selector.types.stack import Slots

if TYPE_CHECKING:
    from selector.types.composite import Composite


@dataclass(frozen=True, slots=True)
class Constraint:
    """One hard limit on one stack. Status: ok, at_risk, violated, unverified."""

    id: str
    status: str
    limit: float | str | None
    value: float | str | None
    unit: str
    p_ok: float | None = None
    why: str = ""
    confidence: float | None = None  # chance with which it must be kept; None: not judged by chance


@dataclass(frozen=True, slots=True)
class Contribution:
    """Points that one criterion or one rule gives a stack; the points sum to the score."""

    id: str
    kind: str  # criterion | rule
    points: float
    weight: float | None = None
    value: float | None = None  # 0 to 1 on the value function
    anchors: tuple[float, float, float] | None = None  # worst, target, ideal
    known: bool = True
    why: str = ""
    log: bool = False  # the value is linear in the logarithm between the anchors


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One risk of one stack before and after the chosen mitigations."""

    id: str
    name: str
    category: str
    owner: str
    inherent: str  # VL L M H VH
    residual: str
    inherent_score: float
    residual_score: float
    mitigations: tuple[str, ...]
    certain: bool  # False: fires on an unknown fact
    source: str
    aliases: tuple[str, ...] = ()
    inherent_at: tuple[int, int] = (1, 1)  # steps 1 to 5 of likelihood and impact
    residual_at: tuple[int, int] = (1, 1)  # the steps nearest to what the mitigations leave
    above_appetite: bool = False  # with all that can be done about it in this stack
    references: Mapping[str, str] = field(default_factory=dict)  # taxonomy -> ids


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of the cost table, USD a month over the horizon; None where it is not known.

    `once_usd` is the part that is paid at the start; its share is already in `usd_per_month`.
    """

    item: str
    usd_per_month: Estimate | None
    source: str
    as_of: str | None
    once_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class AssumptionRow:
    """A value that the user did not state."""

    key: str
    value: object
    rule: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Fills:
    """Share of the memory and of the time of each of its devices that a stack needs at its peak."""

    memory: float
    time: float


@dataclass(frozen=True, slots=True)
class RankedStack:
    """A stack with everything that is printed of it."""

    label: str
    rank: int
    slots: Slots
    score: float
    tied: bool
    provisional: bool
    contributions: tuple[Contribution, ...]
    estimates: Mapping[str, Estimate | None]
    memory: MemoryLedger | None
    costs: tuple[CostLine, ...]
    constraints: tuple[Constraint, ...]
    risks: tuple[RiskRow, ...]
    findings: tuple[Finding, ...]
    facts: Mapping[str, object]  # model class, licence, vendor, region ... for tables and cases
    advice: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    assumptions: tuple[AssumptionRow, ...] = ()  # what only this stack rests on
    duties: tuple[DutyRow, ...] = ()
    terms: tuple[Term, ...] = ()  # of the licence of the weights
    fills: Fills | None = None  # of a component that answers in one pass


@dataclass(frozen=True, slots=True)
class ProposedPlan:
    """A plan that the user brought, judged by the same rules as every candidate.

    Verdict: first, ranked, removed, not_found (no candidate is like it), declared_only (it names
    nothing that a candidate has; its facts still feed the rules).
    """

    plan: str
    verdict: str
    rank: int | None
    points_behind: float | None
    reasons: tuple[str, ...]
    not_judged: tuple[str, ...]
    stack: RankedStack | None
    risks: tuple[str, ...] = ()  # what the plan declares brings them; the first stack lets them not arise


@dataclass(frozen=True, slots=True)
class Notice:
    """A stated value that does not act (not_used) or not fully (used_in_part), and why."""

    key: str
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Move:
    """A limit at `now` that would have to be at `needed`; both None: it would have to be waived, or,
    where nobody can waive it, what has to be done `instead`."""

    limit: str
    now: float | None
    needed: float | None
    unit: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Candidates left out for one reason, and the one that the smallest change would let through.

    `moves` is all that this one needs, so that more than one means that other limits hold it too.
    """

    reason: str
    count: int
    nearest: str
    distance: str = ""
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A smallest set of limits that, moved together, lets a stack through.

    `stack` asks for the least: `moves` in words, `changes` as figures. `best` is the stack with the
    most points that these limits alone hold, `score`, under `best_changes`. `count` stacks need
    exactly this set.
    """

    constraints: tuple[str, ...]
    moves: tuple[str, ...]
    stack: str
    count: int
    changes: tuple[Move, ...] = ()
    best: str = ""
    score: float | None = None
    best_changes: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class DecidingDefault:
    """A number of the project's own choice that, at `tried` within its range, puts `stack` first."""

    parameter: str
    value: float
    tried: float
    stack: str
    points: float  # by which it leads there


@dataclass(frozen=True, slots=True)
class JointPart:
    """The stack that one component takes in the application as a whole."""

    component: str
    stack: RankedStack


@dataclass(frozen=True, slots=True)
class Joint:
    """Components paid for together; `usd_per_month` None where a part of it is not known."""

    parts: tuple[JointPart, ...]
    costs: tuple[CostLine, ...]
    usd_per_month: Estimate | None
    budget: Constraint | None  # None where no budget is stated
    composites: tuple[Composite, ...] = ()  # other divisions of the components over devices


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Outcome of one run of `recommend`."""

    name: str
    stacks: tuple[RankedStack, ...]
    excluded: tuple[Exclusion, ...]
    relaxations: tuple[Relaxation, ...]
    assumptions: tuple[AssumptionRow, ...]
    inputs: Mapping[str, object]
    counts: Mapping[str, int]
    weights: Mapping[str, float]
    points_budget: Mapping[str, float]
    oldest_fact: str | None = None
    stale_prices: tuple[StalePrice, ...] = ()  # of the stacks shown, on the day that ages are judged at
    notes: tuple[str, ...] = field(default=())
    notices: tuple[Notice, ...] = ()
    acceptances: tuple[str, ...] = ()  # risks that somebody answers for or did, controls in place or required
    proposed: ProposedPlan | None = None
    components: tuple[Recommendation, ...] = ()
    joint: Joint | None = None  # of several components, where each has a stack
    robustness: Robustness | None = None  # None where no stack is left
    weights_form: str = "default"  # default points swing rank pay
    defaults_that_decide: tuple[DecidingDefault, ...] = ()
    component: str = ""  # of several components, the one that these stacks are for
    horizon_months: float = 12.0
    cheaper: tuple[RankedStack, ...] = ()  # of a component: not shown, and bettered by none that is cheaper
    on_processors: tuple[RankedStack, ...] = ()  # of a component: the best there, shown or not
    at_hand: Mapping[str, int] = field(default_factory=dict)  # own devices of each kind
    points_quantile: float = 0.5  # of the estimates, on the worse side, that the points are taken of
    plan: Plan | None = None  # of the first stack; None where none is left
    counterparts: tuple[RankedStack, ...] = ()  # best of each kind of hosting that no stack shown has
    composites: tuple[Composite, ...] = ()  # several stacks as one, beside the first; never in the ranking

    @property
    def parts(self) -> tuple[tuple[str, Recommendation], ...]:
        """Components by name, this one first; a single application is its only part."""
        return ((self.component or self.name, self), *((c.name, c) for c in self.components))

    @property
    def feasible(self) -> bool:
        """True when every component has a stack that satisfies every hard limit as far as known,
        and together they keep the budget."""
        kept = self.joint is None or self.joint.budget is None or self.joint.budget.status != "violated"
        return bool(self.stacks) and all(c.feasible for c in self.components) and kept
