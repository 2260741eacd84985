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

EDGE = 0.01


def log_odds(share: float) -> float:
    """Log-odds of a share, kept off the edges."""
    clipped = min(max(share, EDGE), 1.0 - EDGE)
    return math.log(clipped / (1.0 - clipped))


def normalised(score: float, floor: float, ceiling: float) -> float:
    """Share of the way from the bad end of a benchmark to its good end."""
    return (score - floor) / (ceiling - floor)


def posterior(
    scores: Sequence[tuple[float, float]], prior_mean: float, prior_sd: float, score_sd: float
) -> tuple[float, float]:
    """Mean and sd in log-odds of the index, from (normalised score, difficulty) pairs.

    Normal-normal shrinkage (formula `quality.index`).
    """
    precision = 1.0 / prior_sd**2 + len(scores) / score_sd**2
    total = prior_mean / prior_sd**2
    total += math.fsum(log_odds(s) + difficulty for s, difficulty in scores) / score_sd**2
    return total / precision, 1.0 / math.sqrt(precision)


def index(mean: float, sd: float, transfer_sd: float) -> tuple[float, float, float]:
    """p10, p50, p90 of the index; `transfer_sd` is how far public scores and own tasks disagree."""
    wide = math.hypot(sd, transfer_sd) * 1.2816
    return tuple(1.0 / (1.0 + math.exp(-x)) for x in (mean - wide, mean, mean + wide))  # type: ignore[return-value]
