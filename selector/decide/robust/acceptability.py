"""What N draws of scores over n candidates say (sections 3.7 e and f, 6.2). Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

SLICE = 500
LIKELY = 500  # values of a figure that its mean is taken over
ROUNDING = 1e-9  # points; less is the order of additions, which differs between versions of numpy
WORTH = 10  # candidates that a single figure may lift to the first place


def within(leaders: Any, size: int) -> Any:
    """Share of the draws (n,) in which each candidate is among the places given (N, places).

    Of one place the shares sum to 1, less the draws in which nobody keeps all limits.
    """
    import numpy as np

    return np.bincount(leaders[leaders >= 0], minlength=size) / len(leaders)


def expected_ranks(ranked: Any, some: Sequence[int]) -> list[float]:
    """Mean rank of some candidates over the draws in which they have one; nan where there is none."""
    import numpy as np

    above, held = np.zeros(len(some)), np.zeros(len(some))
    # Slice by slice, so that all of them are compared while the slice is in the cache.
    for start in range(0, len(ranked), SLICE):
        part = ranked[start : start + SLICE]
        mine = part[:, list(some)]
        has = np.isfinite(mine)
        held += has.sum(axis=0)
        limit = np.where(has, mine, np.float32(np.inf))
        above += [np.count_nonzero(part > limit[:, [i]]) for i in range(len(some))]
    return [1.0 + float(a / h) if h else math.nan for a, h in zip(above, held, strict=True)]


def beats(ranked: Any, other: int) -> Any:
    """Share of the draws (n,) in which each candidate is before one of them."""
    import numpy as np

    return np.count_nonzero(ranked > ranked[:, [other]], axis=0) / len(ranked)


def central_weights(best: Any, weights: Any, one: int) -> Any | None:
    """Mean weights (k,) of the draws that a candidate leads; None where it leads none."""
    won = best == one
    return weights[won].mean(axis=0) if won.any() else None


def entropy(shares: Any) -> float:
    """Doubt about who leads, in bits."""
    return -math.fsum(float(b) * math.log2(b) for b in shares if b > 0) + 0.0


def regret(score: Any, one: int) -> float:
    """Expected loss of taking one candidate, against the best of each draw."""
    return float((score.max(axis=1) - score[:, one]).mean(dtype=float))


def evpi(score: Any) -> float:
    """Expected value of knowing everything: mean of the best less the best of the means."""
    means = score.mean(axis=0, dtype=float)
    return max(float(score.max(axis=1).mean(dtype=float) - means.max()), 0.0)


def disappointment(printed: float, score: Any, one: int) -> float:
    """Expected shortfall of a printed score."""
    return printed - float(score[:, one].mean(dtype=float))


def contenders(score: Any, most: int = WORTH) -> Any:
    """Indices of the highest mean scores."""
    import numpy as np

    return np.argsort(-score.mean(axis=0, dtype=float), kind="stable")[:most]


def partial_evpi(score: Any, figure: Any) -> float:
    """Expected value of knowing one figure (N,): the gain of choosing after it is known.

    Mean scores given the figure come from a cubic fitted over the draws (after Strong and Oakley 2014,
    Medical Decision Making 34(3)). What the same fit finds in the draws of the figure moved on by half,
    which say nothing of the scores, is noise and taken off.
    """
    import numpy as np

    spread = float(figure.std())
    if spread < 1e-9:
        return 0.0
    x = (figure.astype(float) - float(figure.mean(dtype=float))) / spread
    gain = _gain(score, x) - _gain(score, np.roll(x, len(x) // 2))
    return gain if gain > ROUNDING else 0.0


def _gain(score: Any, x: Any) -> float:
    """Mean of the best fitted score less the best of the means, at equally likely values of x."""
    import numpy as np

    basis = np.vander(x, 4)
    # A pseudo-inverse of the moments stays sound where a figure takes two values only.
    fit = np.linalg.pinv(basis.T @ basis, rcond=1e-10) @ (basis.T @ score)
    each = max(len(x) // LIKELY, 1)
    given = np.vander(np.sort(x)[each // 2 :: each], 4) @ fit
    return float(given.max(axis=1).mean() - given.mean(axis=0).max())


def quantiles(score: Any, one: int, shares: Sequence[float]) -> list[float]:
    """Quantiles of the score of one candidate."""
    import numpy as np

    return [float(q) for q in np.quantile(score[:, one], shares)]
