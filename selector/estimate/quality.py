"""Quality index of a model for a kind of task, from public scores and a fitted prior.

Public scores are on unlike scales. Each is mapped to 0..1 between the floor and the ceiling of
its benchmark, then to log-odds; the difficulty of the benchmark (fitted once over the
catalogue, see `rules/models/quality.yaml`) is added, which puts all on one scale. A model's index is the
mean of its scores shrunk toward a prior from size and release date. A model without scores
has the prior alone, with its wide interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from selector.estimate.numeric import SCALAR, Z90, Numeric
from selector.estimate.trace import formula

EDGE = 0.01

Z95 = 1.959964  # two-sided
Z80 = 0.841621  # chance of 80 % to see what is there


def log_odds(share: float, xp: Numeric = SCALAR) -> float:
    """Log-odds of a share, kept off the edges."""
    clipped = xp.minimum(xp.maximum(share, EDGE), 1.0 - EDGE)
    found: float = xp.log(clipped / (1.0 - clipped))
    return found


@formula("quality.normalised", "share")
def normalised(score: float, floor: float, ceiling: float) -> float:
    """Share of the way from the bad end of a benchmark to its good end."""
    return (score - floor) / (ceiling - floor)


@formula("quality.posterior", "log-odds")
def posterior(
    scores: Sequence[tuple[float, float]],
    prior_mean: float,
    prior_sd: float,
    score_sd: float,
    xp: Numeric = SCALAR,
) -> tuple[float, float]:
    """Mean and sd in log-odds of the index, from (normalised score, difficulty) pairs.

    Normal-normal shrinkage (formula `quality.posterior`).
    """
    precision = 1.0 / prior_sd**2 + len(scores) / score_sd**2
    total = prior_mean / prior_sd**2
    total += sum(log_odds(s, xp) + difficulty for s, difficulty in scores) / score_sd**2
    return total / precision, precision**-0.5


def index(mean: float, sd: float, transfer_sd: float, xp: Numeric = SCALAR) -> tuple[float, float, float]:
    """p10, p50, p90 of the index; `transfer_sd` is how far public scores and own tasks disagree."""
    wide = (sd**2 + transfer_sd**2) ** 0.5 * Z90
    return share(mean - wide, xp), share(mean, xp), share(mean + wide, xp)


@formula("quality.index", "index")
def share(odds: float, xp: Numeric = SCALAR) -> float:
    """Share that has these log-odds (formula `quality.index`)."""
    found: float = 1.0 / (1.0 + xp.exp(0.0 - odds))
    return found


def examples_to_see(before: float, after: float) -> int:
    """Examples for each of two models that show, with 95 % confidence and a chance of 80 %, that a share
    went from `before` to `after` (formula `quality.examples_to_see`): normal approximation of two shares.
    Shares of 0 to 1 that differ. Source: Fleiss, Levin and Paik, Statistical Methods for Rates and
    Proportions, 3rd ed. 2003, chapter 4, without correction for continuity."""
    spread = before * (1.0 - before) + after * (1.0 - after)
    return math.ceil(spread * ((Z95 + Z80) / (before - after)) ** 2)
