"""Draws of weights and figures, and the scores under each. Pure functions; a seed gives one outcome.

RandomState is frozen by numpy, Generator is not. Normals come from 16 random bits through a table of
quantiles: a tenth of the time, and finer than 10,000 draws can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from selector.estimate.numeric import Z90

LEVELS = 65536
CHUNK = 500  # draws at a time, so that what is worked on stays in the cache
PLACES = 3


@dataclass(frozen=True, slots=True)
class Error:
    """One source of error of a figure: candidates of the same group share its draw, and so do figures
    that name the same source (section 3.1)."""

    source: str
    group: Any  # (n,) whole numbers from 0
    sd: Any  # (n,) standard deviation on the scale of the figure's doubt


@dataclass(frozen=True, slots=True)
class Figure:
    """One criterion of n candidates: where it lies, how it errs, and what it is worth.

    Lognormal around `middle`, or logit-normal where `bounded`; a nan in `middle` is unknown, and its
    value is uniform on 0..1, shared within `unknown`.
    """

    middle: Any  # (n,) medians, in the unit that `value` takes
    errors: Sequence[Error]
    value: Callable[[Any], Any]  # natural unit to 0..1, float32 arrays
    unknown: Any  # (n,) whole numbers from 0
    most: Any  # (n,) error beyond which a hard limit is broken; inf where none is
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Draws:
    """Outcome of N draws over n candidates; the columns stand in the order of the candidates."""

    score: Any  # (N, n) float32
    ranked: Any  # (N, n) the same, -inf where a hard limit does not hold: who breaks one has no rank
    weights: Any  # (N, k)
    leaders: Any  # (N, 3) candidates in the first places; -1 where nobody is left
    best_any: Any  # (N,) who leads under weights from the whole simplex
    watched: Any  # (k, N, m) values of the candidates asked for


@cache
def _quantiles() -> Any:
    """Standard normal quantiles at the middles of 65,536 equal shares."""
    import numpy as np

    z = np.linspace(-5.0, 5.0, 8001)
    share = np.array([0.5 * (1.0 + math.erf(x / math.sqrt(2.0))) for x in z])
    return np.interp((np.arange(LEVELS) + 0.5) / LEVELS, share, z).astype(np.float32)


def _levels(state: Any, shape: tuple[int, int]) -> Any:
    import numpy as np

    return np.frombuffer(state.bytes(2 * shape[0] * shape[1]), dtype="<u2").reshape(shape)


def normals(state: Any, shape: tuple[int, int]) -> Any:
    """Standard normals, float32."""
    return _quantiles().take(_levels(state, shape))


def uniforms(state: Any, shape: tuple[int, int]) -> Any:
    """Uniform on 0..1, float32."""
    import numpy as np

    return (_levels(state, shape).astype(np.float32) + np.float32(0.5)) / np.float32(LEVELS)


def around(state: Any, weights: Any, spread: float, count: int) -> Any:
    """Weights (count, k) about the stated ones, p10 to p90 about +- `spread` of each; the total stays."""
    import numpy as np

    z = normals(state, (count, len(weights)))
    moved = weights * np.exp(math.log1p(spread) / Z90 * z)
    total = moved.sum(axis=1, keepdims=True)
    return moved * (weights.sum() / np.where(total > 0, total, 1.0))


def simplex(state: Any, size: int, total: float, count: int) -> Any:
    """Weights (count, size) uniform over all that sum to the total."""
    import numpy as np

    cut = -np.log(state.random_sample((count, size)))
    return cut * (total / cut.sum(axis=1, keepdims=True))


def shrunk(logs: Any, sd: Any, group: Any) -> Any:
    """Estimates (n,) moved towards the mean of their group by the share that error has of their spread.

    Whoever is picked from many is picked for its luck too; shrinking takes that out of the draws
    (section 6.2). The share is that of James and Stein as Efron and Morris 1975 have it, with unequal
    errors; groups of three or fewer and nan stay as they are.
    """
    import numpy as np

    found = np.array(logs, dtype=float)
    for g in set(group.tolist()):
        rows = np.nonzero((group == g) & ~np.isnan(found))[0]
        size = len(rows)
        noise = sd[rows] ** 2
        if size < 4 or not noise.any():
            continue
        between = max(float(found[rows].var(ddof=1) - noise.mean()), 0.0)
        whole = np.where(noise > 0, noise + between, 1.0)
        share = (size - 3) / (size - 1) * noise / whole
        found[rows] += share * (found[rows].mean() - found[rows])
    return found


@dataclass(frozen=True, slots=True)
class _Plan:
    """A figure over its distinct columns; `of` leads from candidates to those."""

    figure: Figure
    start: Any  # medians on the scale of the doubt, float32
    errors: Sequence[tuple[str, Any, Any]]
    unknown: Any  # groups of the unknown columns
    missing: Any  # positions of the unknown columns
    most: Any
    of: Any


def _plan(figure: Figure) -> _Plan:
    """Candidates with the same figure and the same errors are drawn once."""
    import numpy as np

    missing = np.isnan(figure.middle)
    columns = [np.nan_to_num(figure.middle), missing, np.where(missing, figure.unknown, 0), figure.most]
    for e in figure.errors:
        columns += [e.group, e.sd]
    table = np.stack([np.asarray(c, dtype=float) for c in columns], axis=1)
    _, keep, of = np.unique(table, axis=0, return_index=True, return_inverse=True)
    middle = np.where(missing, 0.5, figure.middle)[keep]
    start = np.log(middle / (1.0 - middle)) if figure.bounded else np.log(np.maximum(middle, 1e-12))
    return _Plan(
        figure,
        start.astype(np.float32),
        [(e.source, e.group[keep], e.sd[keep].astype(np.float32)) for e in figure.errors if e.sd.any()],
        figure.unknown[keep][missing[keep]],
        np.nonzero(missing[keep])[0],
        figure.most[keep].astype(np.float32),
        of.reshape(-1),
    )


def _values(plan: _Plan, shared: Mapping[str, Any], state: Any, count: int) -> tuple[Any, Any]:
    """Values and broken limits of one chunk, both (count, n), or (1, n) where every draw is the same."""
    import numpy as np

    count = count if plan.errors or len(plan.missing) else 1
    off: Any = np.zeros((count, len(plan.start)), dtype=np.float32)
    for source, group, sd in plan.errors:
        off += _for_each(shared[source], group) * sd
    at = np.exp(off + plan.start)
    found = plan.figure.value(at / (1.0 + at) if plan.figure.bounded else at).astype(np.float32)
    if len(plan.missing):
        drawn = uniforms(state, (count, int(plan.unknown.max()) + 1))
        found[:, plan.missing] = drawn[:, plan.unknown]
    broken = off > plan.most if np.isfinite(plan.most).any() else None
    if broken is not None:
        # A stack that breaks a limit on a criterion is worth nothing on it.
        found[broken] = 0.0
        broken = broken[:, plan.of]
    return found[:, plan.of], broken


def _for_each(drawn: Any, group: Any) -> Any:
    """Draws of groups (count, g) for each candidate (count, n); without a copy where all share one."""
    return drawn[:, :1] if not group.any() else drawn[:, group]


def draw(
    figures: Sequence[Figure],
    weights: Any,
    extra: Any,
    spread: float,
    count: int,
    seed: int,
    watch: Sequence[int] = (),
) -> Draws:
    """Scores of n candidates in `count` draws of figures and of weights about the stated ones.

    `weights` (k,) and `extra` (n,) are points; `watch` names candidates whose values are kept.
    """
    import numpy as np

    state = np.random.RandomState(seed)
    plans = [_plan(f) for f in figures]
    near = around(state, weights, spread, count)
    free = simplex(state, len(weights), float(weights.sum()), count)
    score = np.empty((count, len(extra)), dtype=np.float32)
    ranked = score
    leaders, best_any = np.empty((count, PLACES), dtype=np.int64), np.empty(count, dtype=np.int64)
    watched = np.empty((len(figures), count, len(watch)), dtype=np.float32)
    if any(np.isfinite(f.most).any() for f in figures):
        ranked = np.empty_like(score)
    for part in _parts(count):
        size = part.stop - part.start
        shared = _shared(plans, state, size)
        mine: Any = np.tile(extra.astype(np.float32), (size, 1))
        other, broken = mine.copy(), np.zeros(mine.shape, dtype=bool)
        for j, plan in enumerate(plans):
            value, out = _values(plan, shared, state, size)
            mine += near[part, j, None].astype(np.float32) * value
            other += free[part, j, None].astype(np.float32) * value
            watched[j, part] = value[:, list(watch)]
            if out is not None:
                broken |= out
        score[part] = mine
        if ranked is not score:
            mine[broken] = other[broken] = -np.inf
            ranked[part] = mine
        leaders[part] = first_places(mine, PLACES)
        best_any[part] = first_places(other, 1)[:, 0]
    return Draws(score, ranked, near, leaders, best_any, watched)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, CHUNK):
        yield slice(start, min(start + CHUNK, count))


def _shared(plans: Sequence[_Plan], state: Any, count: int) -> dict[str, Any]:
    """Draws of every source, in the order in which the figures name them."""
    sizes: dict[str, int] = {}
    for plan in plans:
        for source, group, _ in plan.errors:
            sizes[source] = max(sizes.get(source, 0), int(group.max()) + 1)
    return {source: normals(state, (count, size)) for source, size in sizes.items()}


def first_places(ranked: Any, places: int) -> Any:
    """Indices (N, places) of the highest scores, the first of equals before the others; -1 where
    nobody with a rank is left. Writes over what it is given."""
    import numpy as np

    rows = np.arange(len(ranked))
    found = np.full((len(ranked), places), -1, dtype=np.int64)
    for place in range(min(places, ranked.shape[1])):
        best = ranked.argmax(axis=1)
        found[:, place] = np.where(np.isneginf(ranked[rows, best]), -1, best)
        ranked[rows, best] = -np.inf
    return found
