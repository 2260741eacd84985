"""What published times of one pass tell, beside the points: launches of detectors, and the share that carries over.

`fit_encoder.py` writes both with its own parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import fitting
import numpy as np
from fitting import Array, Width

from selector.decide import cells, passes
from selector.estimate import encoder
from selector.estimate.numeric import SCALAR
from selector.packs.catalog import Catalogue
from selector.types.catalog import Model, Published

TASK = "object-detection"
LAUNCHES = f"encoder.launches.{TASK}"
SHARE = "encoder.published_share"
WIDTH = "encoder.width.published"
MOST_LAUNCHES = 1000
# The share is searched among these: 0, nothing carries over, to 1, all of it.
SHARES = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class Stack:
    """Points of one model on one device in one engine and format, and where they stand."""

    model: str
    family: str
    arch: str
    way: tuple[str, str]
    batch: Array
    rows: Array


def detectors(cat: Catalogue) -> list[tuple[Model, Published]]:
    """Detectors whose time and operations are published, and not the layers."""
    found = []
    for model in cat.models.values():
        told = cat.published(model)
        if told and TASK in model.tasks[:1] and model.gflops_per_item and model.architecture is None:
            found.append((model, told))
    return found


def launches(cat: Catalogue, p: Mapping[str, float]) -> tuple[Width, float, float]:
    """Launches of a pass that bring the formulas nearest to the published times (least squares of
    logarithms), and what the families say alone, lowest and highest."""
    rows = detectors(cat)

    def best(chosen: Sequence[tuple[Model, Published]]) -> float:
        costs = [(sum(_off(m, t, p, float(n)) ** 2 for m, t in chosen), n) for n in range(1, MOST_LAUNCHES)]
        return float(min(costs)[1])

    by_family = [
        best([r for r in rows if r[0].family == f]) for f in sorted({str(m.family) for m, _ in rows})
    ]
    return Width(best(rows), "launches of one pass", len(rows)), min(by_family), max(by_family)


def _off(model: Model, told: Published, p: Mapping[str, float], count: float) -> float:
    """ln(worked out / published) with so many launches."""
    form = passes.form_of(told.precision, told.device)
    known = dict(p) | {LAUNCHES: count}
    shp, bits = cells.shape(model, known), told.precision.bits_weights
    c = passes.make(model, shp, told.device, told.engine, form, bits, passes.Item(), known)
    return math.log(encoder.batch_seconds(SCALAR, c, 1.0) * 1e3 / told.ms)


@dataclass(frozen=True, slots=True)
class Pair:
    """What a model's points on one architecture show, and what those on another do."""

    family: str
    seen: float
    shown: float
    width: float  # of the other, ln(p90 / p50) of a model that points speak of


def pairs(stacks: Sequence[Stack], without: Callable[[str], Array], widths: Array) -> list[Pair]:
    """Pairs of architectures with one model in the same engine and format. `without`: ln(predicted /
    measured) of all times where no point of a family was fitted."""
    found = []
    for family in sorted({s.family for s in stacks}):
        off = without(family)
        own = [s for s in stacks if s.family == family]
        for there in own:
            seen = float(np.median(off[there.rows[there.batch == there.batch.min()]]))
            found += [
                Pair(family, seen, float(np.median(off[s.rows])), float(np.median(widths[s.rows])))
                for s in own
                if s.model == there.model and s.way == there.way and s.arch != there.arch
            ]
    return found


def share(found: Sequence[Pair]) -> float:
    """The share of what one architecture shows that leaves the least error on the other, in the mean of
    logarithms."""
    costs = [(float(np.mean([abs(x.shown - s * x.seen) for x in found])), float(s)) for s in SHARES]
    return min(costs)[1]


def lines(
    cat: Catalogue,
    p: Mapping[str, float],
    stacks: Sequence[Stack],
    without: Callable[[str], Array],
    widths: Array,
    as_of: str,
    source: str,
) -> list[str]:
    """The parameters in the form of the packs: launches, share, and the factor on the width of an interval
    that holds four of five pairs, never below 1."""
    found, low, high = launches(cat, p)
    facts = f"measured_ms of rules/models, {TASK}, formulas as fitted here; range: each family alone"
    text = [fitting.line(LAUNCHES, found.value, low, high, found.unit, facts, found.n, as_of, source)]
    every = pairs(stacks, without, widths)
    value = share(every)
    families = sorted({x.family for x in every})
    each = [share([x for x in every if x.family != f]) for f in families] if len(families) > 1 else [value]
    points = "pairs of architectures, one model in one engine and format, left out; range: a family less"
    unit = "power of published over worked out, on other architectures"
    text.append(fitting.line(SHARE, value, min(each), max(each), unit, points, len(every), as_of, source))
    off = [abs(x.shown - value * x.seen) / x.width for x in every]
    width = Width(max(float(np.quantile(off, 0.8)), 1.0), "factor on encoder.width", len(every))
    return text + fitting.width_lines({WIDTH: width}, points, as_of, source)
