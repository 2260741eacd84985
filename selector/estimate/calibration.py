"""What measurements say of an estimate: closed forms, before and after (decision methods, section 6.1).

Ratios are measured over estimated, taken as logarithms; `sd` is a standard deviation on that scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from selector.estimate.numeric import Z90


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


def from_band(p10: float, p90: float, median: float = 1.0) -> LogNormal:
    """Prior out of the band that an estimator declares."""
    return LogNormal(math.log(median), math.log(p90 / p10) / (2.0 * Z90))


def applied_sd(sd: float, factors: int, omega: float, floor: float) -> float:
    """Error of a measurement as one of another configuration: `omega` for each factor that differs.

    `floor` is the least that repeats are trusted to.
    """
    return math.sqrt(max(sd, floor) ** 2 + omega**2 * factors)


def posterior(prior: LogNormal, logs: Sequence[float], sds: Sequence[float]) -> LogNormal:
    """Belief after measurements of known error; the prior without any."""
    precision = 1.0 / prior.sd**2 + math.fsum(1.0 / s**2 for s in sds)
    told = math.fsum(y / s**2 for y, s in zip(logs, sds, strict=True))
    return LogNormal((prior.mean / prior.sd**2 + told) / precision, math.sqrt(1.0 / precision))


def shrink_share(prior_sd: float, sd: float, count: int) -> float:
    """Share B of the prior in the posterior mean of `count` measurements of one error."""
    noise = sd**2 / count
    return noise / (noise + prior_sd**2)


def family(prior: LogNormal, logs: Sequence[float], sd: float, between_sd: float) -> LogNormal:
    """Bias of a family from one measurement each of several configurations of it, which differ by
    `between_sd` among themselves."""
    spread = math.hypot(between_sd, sd)
    return posterior(prior, logs, [spread] * len(logs))


def new_configuration(bias: LogNormal, between_sd: float) -> LogNormal:
    """Factor of a configuration of a family that nobody has measured."""
    return LogNormal(bias.mean, math.hypot(bias.sd, between_sd))


def measured_configuration(bias: LogNormal, between_sd: float, log: float, sd: float) -> LogNormal:
    """Factor of a configuration that was measured itself: shrunk towards its family only as far as
    the measurement errs."""
    return posterior(new_configuration(bias, between_sd), [log], [sd])


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


def beta_prior(mean: float, strength: float) -> Beta:
    """Prior that weighs as much as `strength` trials."""
    return Beta(mean * strength, (1.0 - mean) * strength)


def after_trials(prior: Beta, successes: float, trials: float) -> Beta:
    """Belief about a rate after trials."""
    return Beta(prior.alpha + successes, prior.beta + trials - successes)
