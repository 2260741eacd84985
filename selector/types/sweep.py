"""A sweep: requirements varied along axes, and who comes first at each point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = float | int | str
Choice = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One requirement that is varied; `values` ascend where they are numbers."""

    key: str
    values: tuple[Value, ...]
    log: bool = False
    whole: bool = False  # only whole numbers are allowed
    text: str = ""  # as the user wrote it

    @property
    def numeric(self) -> bool:
        """True where all values are numbers, so that there is something between two of them."""
        return all(isinstance(v, int | float) for v in self.values)


@dataclass(frozen=True, slots=True)
class First:
    """The stack that comes first at one point; figures are middles, None where not known.

    `choice` is what it shares with near-duplicates: model, hosting, precision and hardware (of several
    components, those of each). `rival` is the best of another choice, `margin_points` the lead over it.
    """

    choice: Choice
    line: str
    id: str
    slots: Mapping[str, object]
    score: float
    margin_points: float | None
    rival: str | None
    p_best: float | None  # share of the draws in which the choice comes first
    provisional: bool
    cost_per_month_usd: float | None
    request_p95_ms: float | None
    quality_index: float | None
    risk_index: float | None
    n_devices: int | None
    prices: tuple[tuple[str, str, str | None], ...] = ()  # kind, source and day of what the cost rests on


@dataclass(frozen=True, slots=True)
class Point:
    """One point: the stack that comes first, or the limits of the smallest set that would let one through."""

    at: tuple[Value, ...]  # a value for each axis
    first: First | None
    broken: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()  # how far those limits would have to move, in words

    @property
    def key(self) -> tuple[str, Choice]:
        """What is the same throughout a region."""
        return ("first", self.first.choice) if self.first else ("none", self.broken)


@dataclass(frozen=True, slots=True)
class Region:
    """A run of neighbouring values of the first axis with one winner, or without any for one reason.

    `along` are the ends of the run, `others` those of the other axes over which the run is the same.
    `until` is the boundary to the next run, between two values that were computed.
    """

    mark: str
    points: int
    along: tuple[Value, Value]
    others: tuple[tuple[Value, Value], ...]
    until: tuple[Value, Value] | None
    cost: tuple[float, float] | None
    p_best: tuple[float, float] | None
    margin_points: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a letter stands for: a choice (`A`, `B`, ...) or limits that leave nothing (`a`, `b`, ...)."""

    mark: str
    what: str
    feasible: bool
    points: int
    key: tuple[str, Choice]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The outcome; `points` lie on the grid or, of one axis, also where boundaries were looked for."""

    name: str
    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    regions: tuple[Region, ...]
    refined: int  # points added to find the boundaries
    inputs: Mapping[str, object]

    @property
    def feasible(self) -> bool:
        """True where a stack is left at some point."""
        return any(p.first for p in self.points)

    def mark(self, point: Point) -> Mark:
        """The letter of a point."""
        return next(m for m in self.marks if m.key == point.key)
