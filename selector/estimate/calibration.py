"""What measurements say of an estimate: closed forms, before and after (decision methods, section 6.1).

Ratios are measured over estimated, taken as logarithms; `sd` is a standard deviation on that scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from selector.estimate.numeric import Z90
from selector.estimate.trace import formula

HALVINGS = 60
FRACTIONS = 10_000
EXACT, TINY = 1e-14, 1e-300


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Belief about a factor: normal on the log scale."""

    mean: float
    sd: float

    @property
    def factor(self) -> float:
        """Median of the factor."""
        return math.exp(self.mean)

    @property
    def band(self) -> tuple[float, float]:
        """p10 and p90 of the factor."""
        return math.exp(self.mean - Z90 * self.sd), math.exp(self.mean + Z90 * self.sd)


def applied_sd(sd: float, factors: int, omega: float, floor: float) -> float:
    """Error of a measurement as one of another configuration: `omega` for each factor that differs.

    `floor` is the least that repeats are trusted to.
    """
    return math.sqrt(max(sd, floor) ** 2 + omega**2 * factors)


def aged(belief: LogNormal, months: float, variance_per_month: float) -> LogNormal:
    """Belief after time: a random walk widens it."""
    return LogNormal(belief.mean, math.sqrt(belief.sd**2 + variance_per_month * months))


def conflicts(prior: LogNormal, log: float, sd: float, most: float = 3.0) -> bool:
    """True where a measurement lies so far off that averaging would hide a mistake: beyond `most`
    standard deviations of prior and measurement together."""
    return abs(log - prior.mean) > most * math.hypot(prior.sd, sd)


@dataclass(frozen=True, slots=True)
class Beta:
    """Belief about a rate of successes."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """Expected rate."""
        return self.alpha / (self.alpha + self.beta)

    def at_most(self, rate: float) -> float:
        """Chance that the rate is no higher."""
        return _incomplete_beta(self.alpha, self.beta, rate)

    def quantile(self, q: float) -> float:
        """The rate that is not exceeded with chance `q`, by halving."""
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.at_most(middle) < q else (low, middle)
        return (low + high) / 2.0


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function by its continued fraction (modified Lentz)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    d = 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    c, value = 1.0, d
    for m in range(1, FRACTIONS):
        even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _nonzero(1.0 + term * d)
            c = _nonzero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < EXACT:
            break
    return front * value / a


def _nonzero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def beta_prior(mean: float, strength: float) -> Beta:
    """Prior that weighs as much as `strength` trials."""
    return Beta(mean * strength, (1.0 - mean) * strength)


def after_trials(prior: Beta, successes: float, trials: float) -> Beta:
    """Belief about a rate after trials."""
    return Beta(prior.alpha + successes, prior.beta + trials - successes)


@formula("calibration.log_factor", "ln(measured / estimated)")
def told(prior_precision: Any, logs: Sequence[Any], weights: Sequence[Any]) -> Any:
    """Mean of logarithms weighted by their precisions, the prior at 0 with its own."""
    total, mean = prior_precision, 0.0
    for y, w in zip(logs, weights, strict=True):
        total, mean = total + w, mean + y * w
    return mean / total
