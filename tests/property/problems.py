"""Random decisions of a few candidates, scored and ordered by the functions that `recommend` uses."""

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from selector.decide.rank import worth
from selector.decide.robust import additive
from selector.decide.value import Scale

EXAMPLES = int(os.environ.get("DECISION_EXAMPLES", "500"))
MISSING = 0.25
many = settings(max_examples=EXAMPLES, deadline=None)


@dataclass(frozen=True)
class Decision:
    """Raw figures (n, k), nan where unknown; weights sum to 100; points (n,) of rules."""

    names: tuple[str, ...]
    raw: Any
    scales: tuple[Scale, ...]
    weights: Any
    points: Any

    @property
    def values(self) -> Any:
        columns = [worth(s, self.raw[:, j], MISSING) for j, s in enumerate(self.scales)]
        return np.stack(columns, axis=1)

    @property
    def score(self) -> Any:
        return additive.total(list(self.values.T), list(self.weights), self.points)

    @property
    def signed(self) -> Any:
        """Raw figures of which less is better."""
        return self.raw * np.array([-1.0 if s.ideal > s.worst else 1.0 for s in self.scales])

    @property
    def chain(self) -> additive.Chain:
        none = np.zeros(len(self.names))
        unknown = np.isnan(self.raw) @ self.weights / 100.0
        return additive.Chain(
            none, self.score, list(self.signed.T), list(self.weights), none, unknown, lambda i: self.names[i]
        )

    @property
    def order(self) -> list[str]:
        return [self.names[i] for i in additive.order(self.chain, np.arange(len(self.names)))]

    def take(self, rows: list[int]) -> "Decision":
        names = tuple(self.names[i] for i in rows)
        return replace(self, names=names, raw=self.raw[rows], points=self.points[rows])


def scaled(weights: Any) -> Any:
    return 100.0 * np.array(weights, dtype=float) / sum(weights)


@st.composite
def scale_of(draw: st.DrawFn) -> Scale:
    """Anchors on the grid of the figures, falling or rising, straight or on ratios."""
    low, middle, high = sorted(draw(st.sets(st.integers(1, 30), min_size=3, max_size=3)))
    worst, ideal = (high, low) if draw(st.booleans()) else (low, high)
    return Scale("c", "u", float(worst), float(middle), float(ideal), draw(st.booleans()), "")


@st.composite
def decisions(draw: st.DrawFn, unknown: bool = True, least: int = 2) -> Decision:
    n, k = draw(st.integers(least, 7)), draw(st.integers(2, 5))
    figure = st.integers(1, 30).map(float)
    cell = figure | st.just(float("nan")) if unknown else figure
    raw = np.array(draw(st.lists(st.lists(cell, min_size=k, max_size=k), min_size=n, max_size=n)))
    weights = draw(st.lists(st.integers(0, 10), min_size=k, max_size=k).filter(any))
    points = draw(st.lists(st.sampled_from([-3.0, 0.0, 0.0, 2.5]), min_size=n, max_size=n))
    # Names in another order than the rows.
    names = draw(st.permutations([f"id{i}" for i in range(n)]))
    scales = tuple(draw(scale_of()) for _ in range(k))
    return Decision(tuple(names), raw, scales, scaled(weights), np.array(points))


def better(scale: Scale, x: float, by: float) -> float:
    """A figure moved to the good side by a factor above 1."""
    return x * by if scale.ideal > scale.worst else x / by
