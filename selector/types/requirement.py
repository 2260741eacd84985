"""What the user needs, as stated in `reqs.yaml` (version 1), and what was assumed beside it.

None means not stated; an empty tuple is stated to be empty: `contracts: []` says that none is signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TokenDistribution:
    """Size of requests: tokens of text, megapixels of images, seconds of audio."""

    p50: float | None = None
    p95: float | None = None
    mean: float | None = None  # where it was measured; else it follows from the other two

    @property
    def average(self) -> float:
        """The size that bills and machines follow; 0 where nothing is stated."""
        return float(self.mean or self.p50 or self.p95 or 0.0)


@dataclass(frozen=True, slots=True)
class Features:
    """How the application uses the model."""

    rag: bool | None = None
    agentic: bool | None = None
    tools: tuple[str, ...] | None = None
    generates_media: bool | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """What is built and for whom."""

    task: str
    domain: str | None = None
    area: str | None = None  # of the domain, such as credit_scoring
    languages: tuple[str, ...] | None = None
    description: str | None = None
    users: tuple[str, ...] | None = None
    user_regions: tuple[str, ...] | None = None
    model_use: tuple[str, ...] | None = None  # model_as_service redistribution output_training
    decision_effect: str | None = None
    use_cases: tuple[str, ...] | None = None  # that laws single out
    stage: str | None = None
    features: Features = Features()


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who runs it; licences have thresholds on users and revenue."""

    region: str | None = None
    commercial: bool | None = None
    monthly_active_users: int | None = None
    annual_revenue_usd: float | None = None


@dataclass(frozen=True, slots=True)
class LicenceNeeds:
    """Licences that counsel has cleared, by id or alias."""

    cleared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Availability:
    """How much of the time it answers, and replicas kept for that."""

    target: float | None = None
    spare_replicas: int | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A risk that somebody answers for until a day, that day included."""

    risk: str
    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class Control:
    """A mitigation that is in place, and how that is known: declared, detected or attested."""

    mitigation: str
    evidence: str = "declared"


@dataclass(frozen=True, slots=True)
class RiskAttitude:
    """Appetite for residual risk, risks that are accepted, and controls that are in place."""

    appetite: str | None = None
    accepted: tuple[Acceptance | str, ...] = ()
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The stack in place today."""

    stack: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    switching_cost_usd: float | None = None
    problems: tuple[str, ...] = ()
    quality: float | None = None  # on quality.metric


@dataclass(frozen=True, slots=True)
class QualityNeed:
    """A floor and a target on a metric, or a level in words."""

    metric: str | None = None
    minimum: float | None = None
    target: float | None = None
    level: str | None = None  # any good best


@dataclass(frozen=True, slots=True)
class Workload:
    """The load; rates at peak, sizes per request."""

    scenario: str | None = None  # online offline single_stream
    scale: str | None = None  # low medium high very_high
    peak_requests_per_second: float | None = None
    requests_per_month: float | None = None
    tokens_per_month: float | None = None
    concurrency: float | None = None
    active_hours_fraction: float | None = None
    input_tokens: TokenDistribution | None = None
    output_tokens: TokenDistribution | None = None
    context_tokens_max: int | None = None
    cached_prefix_fraction: float | None = None
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LatencyLimits:
    """Limits at the 95th percentile of requests, milliseconds."""

    first_token_p95_ms: float | None = None
    per_output_token_p95_ms: float | None = None
    request_p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Money; `currency` holds for `per_month` and `upfront`, which are converted to USD."""

    per_month_usd: float | None = None
    upfront_usd: float | None = None
    cut_fraction: float | None = None
    currency: str | None = None
    per_month: float | None = None
    upfront: float | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The label set of a classifier."""

    source: str | None = None  # none existing model
    change: str | None = None  # never rare monthly weekly daily often
    count: int | None = None


@dataclass(frozen=True, slots=True)
class DataNeed:
    """Which data flows through, where it may go, and what can be trained on."""

    classes: tuple[str, ...] | None = None
    residency: tuple[str, ...] | None = None
    may_leave_premises: bool | None = None
    provider_may_see_plaintext: bool | None = None
    cn_subjects_out_per_year: int | None = None  # since 1 January
    cn_sensitive_subjects_out_per_year: int | None = None
    training_examples: int | None = None
    drift: str | None = None
    knowledge_change: str | None = None
    labels: Labels = Labels()


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """Devices on hand; `count` over all `nodes` machines."""

    hardware: str
    count: int | None = None
    nodes: int | None = None
    host_ram_gb: float | None = None  # of one machine
    free_memory_gb: float | None = None  # of one device
    shared_desktop: bool = False


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where it may run."""

    hosting: tuple[str, ...] | None = None
    clouds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    internet: bool | None = None
    inventory: tuple[InventoryItem, ...] | None = None
    portability: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()  # where a trained model runs besides the machines that are sized
    vendor_support_required: bool | None = None
    spot: bool | None = None
    capacity_limited: bool | None = None
    orchestrator: str | None = None


@dataclass(frozen=True, slots=True)
class AdaptationNeed:
    """How the model is fitted to the task."""

    method: str | None = None
    precision: str | None = None  # amp pure-bf16
    sequence_tokens: int | None = None
    inventory: tuple[InventoryItem, ...] = ()  # own machines that train and do not serve


@dataclass(frozen=True, slots=True)
class Team:
    """People who build and run it."""

    engineers: float | None = None
    usd_per_engineer_month: float | None = None
    skills: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelPin:
    """A model by name, by its size, or by its `config.json`."""

    name: str | None = None
    params_b: float | None = None
    active_params_b: float | None = None
    attention_heads: int | None = None
    experts: int | None = None
    config: str | None = None


@dataclass(frozen=True, slots=True)
class LayoutPin:
    """Parts of a layout; None leaves the part free."""

    tp: int | None = None
    pp: int | None = None
    ep: int | None = None
    replicas: int | None = None


@dataclass(frozen=True, slots=True)
class Pins:
    """Options that are imposed; several values mean a choice among them."""

    model: tuple[ModelPin, ...] = ()
    engine: tuple[str, ...] = ()
    hardware: tuple[str, ...] = ()
    precision: tuple[str, ...] = ()
    hosting: tuple[str, ...] = ()
    layout: tuple[LayoutPin, ...] = ()
    adaptation: tuple[str, ...] = ()
    others: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """True when nothing is imposed."""
        return self == Pins()


@dataclass(frozen=True, slots=True)
class Exclude:
    """Options that are ruled out."""

    model: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    licence_class: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    engine: tuple[str, ...] = ()
    hardware: tuple[str, ...] = ()
    precision: tuple[str, ...] = ()
    hosting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in hand; competes with those of the catalogue."""

    hosting: str | None = None
    hardware: str | None = None
    model: str | None = None
    usd_per_mtok: float | None = None
    usd_per_month: float | None = None
    usd_per_hour: float | None = None
    usd_once: float | None = None  # buying it
    relative_price: float | None = None
    as_of: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each criterion counts, in one of four forms; the others are empty.

    Points on any scale by criterion; `swing`, 0 to 100 for the step from the worst to the ideal of
    each; `rank`, the criteria from the most to the least important; `pay`, USD a month for one unit
    of the criterion at its target (0.01 of quality, 1 ms, 1 point of risk, 1 person-month).
    """

    quality: float | None = None
    cost: float | None = None
    latency: float | None = None
    risk: float | None = None
    effort: float | None = None
    energy: float | None = None
    swing: Mapping[str, float] = field(default_factory=dict)
    rank: tuple[str, ...] = ()
    pay: Mapping[str, float] = field(default_factory=dict)

    @property
    def form(self) -> str:
        """The form that was used: points, swing, rank or pay."""
        return next((f for f in ("swing", "rank", "pay") if getattr(self, f)), "points")

    @property
    def points(self) -> dict[str, float]:
        """Points by criterion, as far as they were stated in this form."""
        named = ("quality", "cost", "latency", "risk", "effort", "energy")
        return {c: v for c in named if (v := getattr(self, c)) is not None}


@dataclass(frozen=True, slots=True)
class Component:
    """One model of an application that has several."""

    name: str
    application: Application
    workload: Workload = Workload()
    latency: LatencyLimits = LatencyLimits()
    quality: QualityNeed = QualityNeed()
    data: DataNeed = DataNeed()
    adaptation: AdaptationNeed = AdaptationNeed()
    pins: Pins = Pins()


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirements document; immutable once loaded."""

    application: Application
    version: int = 1
    name: str | None = None
    organisation: Organisation = Organisation()
    contracts: tuple[str, ...] | None = None
    licences: LicenceNeeds = LicenceNeeds()
    availability: Availability = Availability()
    risk: RiskAttitude = RiskAttitude()
    incumbent: Incumbent = field(default_factory=Incumbent)
    quality: QualityNeed = QualityNeed()
    priorities: tuple[str, ...] = ()
    workload: Workload = Workload()
    latency: LatencyLimits = LatencyLimits()
    budget: Budget = Budget()
    horizon_months: float | None = None
    data: DataNeed = DataNeed()
    deployment: Deployment = Deployment()
    adaptation: AdaptationNeed = AdaptationNeed()
    team: Team = field(default_factory=Team)
    pins: Pins = field(default_factory=Pins)
    exclude: Exclude = Exclude()
    proposed: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    quotes: tuple[Quote, ...] = ()
    launch_weeks: float | None = None
    regulations: tuple[str, ...] | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)  # by limit: budget latency launch_weeks
    weights: Weights = field(default_factory=Weights)
    packs: Mapping[str, float] = field(default_factory=dict)
    risk_attitude: str | float | None = None  # neutral cautious, or a quantile above 0.5
    components: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value that the user did not state, with the rule that supplied it."""

    key: str
    value: object
    rule: str
    why: str
    source: str  # 'judgement' where nobody published it
