"""Measurements as the estimates take them: readings of a stack, trials of a model, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Group:
    """Stacks whose estimates err alike: engine (or training framework), device, precision, model family."""

    engine: str
    hardware: str
    precision: str
    family: str

    def differing(self, other: Group) -> int:
        """How many of the four differ."""
        return (
            (self.engine != other.engine)
            + (self.hardware != other.hardware)
            + (self.precision != other.precision)
            + (self.family != other.family)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured point against its estimate, on a logarithmic scale.

    `quantity` is what it speaks of, and all that it moves: token first_token first_token_loaded rate memory
    energy training items item_latency. `log` is ln(measured / estimated), of the time per token for rates of
    decoding too; `prior_sd` the standard deviation that the estimator admits, `sd` that of the measurement
    (0: not stated). Tokens a request, requests in flight on a replica; None where the point does not say.
    """

    id: str
    file: str
    quantity: str
    group: Group
    model: str
    tp: int
    pp: int
    metric: str
    measured: float
    estimated: float
    log: float
    prior_sd: float
    sd: float = 0.0
    input_tokens: float | None = None
    output_tokens: float | None = None
    held: float | None = None
    dated: str | None = None


@dataclass(frozen=True, slots=True)
class Trials:
    """Successes of a model on the user's own evaluation; `precision` None: of any."""

    id: str
    file: str
    model: str
    precision: str | None
    metric: str
    successes: float
    trials: float
    dated: str | None = None


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """A file of measurements: name, digest of its content, points in it and those that were used."""

    file: str
    sha256: str
    points: int
    used: int


@dataclass(frozen=True, slots=True)
class Book:
    """All that was measured, as far as it can be used; of the files `accepted` what contradicts the
    estimator by more than its band explains is taken over."""

    readings: tuple[Reading, ...] = ()
    trials: tuple[Trials, ...] = ()
    files: tuple[MeasuredFile, ...] = ()
    accepted: frozenset[str] = frozenset()
    day: date | None = None  # that ages are judged at where the run has no date of its own
    texts: Mapping[str, str] = field(default_factory=dict)  # content of the files by name

    @property
    def inputs(self) -> list[dict[str, object]]:
        """Digests, as they stand in the outcome."""
        return [{"file": f.file, "sha256": f.sha256, "points": f.points, "used": f.used} for f in self.files]
