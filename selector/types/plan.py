"""The plan that comes with a stack: how its model is fitted, trained, tuned and compressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selector.types.estimate import Estimate


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of the plan: what to do, why, and the rule with its sources that says so."""

    topic: str
    text: str
    why: str
    rule: str
    source: tuple[str, ...]
    as_of: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One way to fit the model of the stack: what rules say of it and what it asks for.

    `usd` and `device_hours` are of one run; None where not known or nothing is trained.
    """

    method: str
    chosen: bool
    points: float
    rules: tuple[str, ...]  # that speak for or against it
    vetoes: tuple[str, ...]
    fits: bool | None  # the machines that may train
    person_months: float
    weeks: float | None
    quality: Estimate | None
    device_hours: Estimate | None
    usd: Estimate | None
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The run: where, how it is spread, in which batches, and what it takes.

    Memory is GiB of a device; `steps` None where the number of examples is not known.
    """

    frameworks: tuple[str, ...]  # that can do it, the one of the fragments first
    hardware: str
    n_devices: int
    offer: str | None
    usd_per_hour: float | None
    strategy: str
    layout: Mapping[str, int]  # tp pp cp ep
    precision: str
    base_precision: str | None  # of frozen weights
    seq_len: float | None
    micro_batch: int | None  # None: a fit of all rows at once
    accumulation: int
    global_batch: int | None
    recompute: str
    optimiser: str
    epochs: float | None
    examples: int | None
    steps: int | None
    memory: Mapping[str, float] | None
    estimates: Mapping[str, Estimate | None]
    checkpoint_hours: float | None
    assumptions: tuple[str, ...]
    per_machine: int  # devices of one machine at most


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """Search of hyper-parameters: method, tool, trials, what they take, and the space."""

    method: str
    tool: str
    trials: int
    parallel: int
    hours: Estimate | None  # until all are done
    usd: Estimate | None
    space: Mapping[str, Mapping[str, object]]
    rule: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetrainingPlan:
    """Training anew as inputs and labels change: how, how often, and what runs take a month.

    People are in the cost of the stack; hours and money of runs are not. None where the run is unknown.
    """

    mode: str  # incremental | replay | periodic | drift_triggered
    tool: str
    pace: str  # rare monthly weekly often daily
    cause: str  # what changes at that pace
    runs: Estimate  # a month
    device_hours: Estimate | None  # a month
    usd: Estimate | None  # a month
    person_months: float  # a month
    rule: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompressionPlan:
    """From the weights as published to the format that is served.

    `recovery` is the fraction of quality kept; `speed` the time of an output token in 16 bit over
    that in the format, None where no such estimate is known.
    """

    method: str  # none quantization distillation pruning
    precision: str
    kv_precision: str | None
    tool: str | None
    calibration: str
    recovery: Estimate | None
    recovery_points: int
    recovery_source: str
    speed: Estimate | None
    smaller: float | None  # bits of 16 over those kept
    acceptance: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """Settings as a tool reads them."""

    name: str
    tool: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything of it; `problems` name what is missing or cannot be, and what would help."""

    stack: str  # label
    method: str
    methods: tuple[MethodRow, ...]
    training: TrainingPlan | None
    search: SearchPlan | None
    retraining: RetrainingPlan | None
    compression: CompressionPlan | None
    lines: tuple[PlanLine, ...]
    fragments: tuple[Fragment, ...]
    problems: tuple[str, ...]

    @property
    def axes(self) -> dict[str, object]:
        """Values that decision cases ask for."""
        found: dict[str, object] = {}
        if self.training is not None:
            found["training_framework"] = list(self.training.frameworks)
            kinds = {"zero3": ("zero3", "fsdp")}
            found["training_strategy"] = list(kinds.get(self.training.strategy, (self.training.strategy,)))
            found["training_precision"] = self.training.base_precision or self.training.precision
        if self.compression is not None:
            found["compression"] = self.compression.method
        return found
