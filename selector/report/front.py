"""Points of the picture of cost, quality and latency, for characters and for SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from selector.report.tabular import named
from selector.types.decision import Recommendation
from selector.types.robust import ParetoPoint, StackRef

CLASSES = 3
DEAREST = 4.0  # times the dearest stack shown; beyond it nothing is drawn


@dataclass(frozen=True, slots=True)
class Dot:
    """One stack of the picture; `speed` 0 is the fastest class."""

    label: str | None
    name: str
    usd: float
    quality: float
    latency_ms: float
    speed: int
    on_front: bool


@dataclass(frozen=True, slots=True)
class Front:
    """Dots, and the latencies in ms that part the classes."""

    dots: tuple[Dot, ...]
    cuts: tuple[float, ...]
    dearer: int  # left out of the picture, so that the scale leaves room for the others


def of(r: Recommendation) -> Front | None:
    """Stacks that none betters, and the stacks shown; None where there is no picture to draw."""
    if r.robustness is None:
        return None
    front = {p.stack.id: p for p in r.robustness.pareto}
    shown = _shown(r)
    every = [*front.values(), *(p for p in shown if p.stack.id not in front)]
    most = DEAREST * max((p.usd_per_month for p in shown), default=math.inf)
    points = [p for p in every if 0 < p.usd_per_month <= most]
    if len(points) < 2:
        return None
    cuts = _cuts([p.latency_ms for p in points])
    dots = [
        Dot(
            p.stack.label,
            named(p.stack),
            p.usd_per_month,
            p.quality,
            p.latency_ms,
            sum(p.latency_ms > c for c in cuts),
            p.stack.id in front,
        )
        for p in points
    ]
    return Front(tuple(dots), cuts, sum(p.usd_per_month > most for p in every))


def _shown(r: Recommendation) -> list[ParetoPoint]:
    found = []
    for s in r.stacks:
        three = [
            e.p50 if (e := s.estimates.get(name)) is not None else math.nan
            for name in ("cost_per_month_usd", "quality_index", "request_p95_ms")
        ]
        if not any(map(math.isnan, three)):
            found.append(ParetoPoint(StackRef(s.slots.digest(), s.slots.model, s.label), *three))
    return found


def _cuts(latencies: Sequence[float]) -> tuple[float, ...]:
    """Two round latencies that part the range in three by ratio; fewer where it is narrow."""
    low, high = max(min(latencies), 1e-9), max(latencies)
    raw = [low * (high / low) ** (i / CLASSES) for i in range(1, CLASSES)]
    rounded = sorted({float(f"{x:.1g}") for x in raw})
    return tuple(x for x in rounded if low <= x < high)


def ticks(low: float, high: float) -> list[float]:
    """Round amounts 1, 2, 5 times a power of ten within a range."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0**p for p in powers for m in (1, 2, 5) if low <= m * 10.0**p <= high]
