"""Quality index of each option, with what compression keeps of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from selector.decide.axes import ModelOption
from selector.estimate import quality
from selector.estimate.numeric import SCALAR, Numeric
from selector.packs.catalog import Catalogue
from selector.types.catalog import Model, Recovery, Score

HORIZON_YEAR = 2025.0


@dataclass(frozen=True, slots=True)
class Index:
    """p10, p50, p90 of the quality index; `known` False where only a prior speaks."""

    p10: float
    p50: float
    p90: float
    known: bool
    scores: int
    why: str


UNKNOWN = Index(math.nan, math.nan, math.nan, False, 0, "no public score and no prior")


def of_option(option: ModelOption, cat: Catalogue, p: Mapping[str, float], xp: Numeric = SCALAR) -> Index:
    """Index of a model before compression."""
    if option.api is not None and option.api.open_model in cat.models:
        twin = cat.models[option.api.open_model]
        return _index(option.role, twin.quality, _prior(option.role, twin, p, xp), cat, p, xp)
    if option.api is not None:
        tier = f"quality.api_prior.{option.api.tier or 'small'}"
        if not option.api.quality and tier in p and option.role == "llm":
            prior = cat.parameters[tier]
            return Index(
                prior.low,
                p[tier],
                prior.high,
                False,
                0,
                f"no public score: prior of the class {option.api.tier or 'small'}",
            )
        return _index(option.role, option.api.quality, _tier_prior(option, p, xp), cat, p, xp)
    model = option.model
    assert model is not None
    return _index(option.role, model.quality, _prior(option.role, model, p, xp), cat, p, xp)


def _tier_prior(option: ModelOption, p: Mapping[str, float], xp: Numeric) -> tuple[float, float] | None:
    """What the class of a hosted model says before its scores; None where it has no class."""
    assert option.api is not None
    value = p.get(f"quality.api_prior.{option.api.tier}") if option.role == "llm" else None
    return None if value is None else (quality.log_odds(value, xp), p["quality.prior_sd"])


def _index(
    role: str,
    scores: tuple[Score, ...],
    prior: tuple[float, float] | None,
    cat: Catalogue,
    p: Mapping[str, float],
    xp: Numeric,
) -> Index:
    pairs = []
    for score in scores:
        benchmark = cat.benchmarks.get(score.benchmark)
        difficulty = p.get(f"quality.difficulty.{role}.{score.benchmark}")
        if benchmark is None or difficulty is None:
            continue
        pairs.append((quality.normalised(score.score, benchmark.floor, benchmark.ceiling), difficulty))
    if prior is None and not pairs:
        return UNKNOWN
    mean, sd = quality.posterior(
        pairs,
        prior[0] if prior else 0.0,
        prior[1] if prior else p["quality.prior_sd"],
        p.get(f"quality.score_sd.{role}", p["quality.score_sd"]),
        xp,
    )
    low, middle, high = quality.index(mean, sd, p["quality.transfer_sd"], xp)
    why = f"{len(pairs)} public scores" if pairs else "no public score: prior from size and release date"
    return Index(low, middle, high, bool(pairs), len(pairs), why)


def _prior(role: str, model: Model, p: Mapping[str, float], xp: Numeric) -> tuple[float, float] | None:
    """Regression over the catalogue: log-odds on log total and active size and on release date."""
    base = p.get(f"quality.prior.{role}.intercept")
    if base is None or model.params_b is None:
        return None
    year = year_of(model.released)
    active = model.active_params_b or model.params_b
    mean = base
    mean += p.get(f"quality.prior.{role}.per_ln_params", 0.0) * xp.log(xp.maximum(model.params_b, 1e-3))
    mean += p.get(f"quality.prior.{role}.per_ln_active", 0.0) * xp.log(xp.maximum(active, 1e-3))
    mean += p.get(f"quality.prior.{role}.per_year", 0.0) * (year - HORIZON_YEAR)
    return mean, p.get(f"quality.prior.{role}.sd", p["quality.prior_sd"])


def year_of(released: str | None) -> float:
    """A release date as a fraction of years; the reference year where unknown."""
    if not released:
        return HORIZON_YEAR
    parts = [int(x) for x in released.split("-")[:2]]
    return parts[0] + ((parts[1] - 0.5) / 12.0 if len(parts) > 1 else 0.5)


def recovery(cat: Catalogue, precision: str, params_b: float | None) -> tuple[float, float, float]:
    """Fraction of quality that a precision keeps: the narrowest size band that holds the model."""
    best = recovery_row(cat, precision, params_b)
    return (1.0, 1.0, 1.0) if best is None else (min(best.p10, 1.0), min(best.p50, 1.0), min(best.p90, 1.0))


def recovery_row(cat: Catalogue, precision: str, params_b: float | None) -> Recovery | None:
    """The measured recovery that speaks of a model of this size; None where nobody measured any."""
    rows = [r for r in cat.recoveries if r.precision == precision and not r.tasks]
    if not rows:
        return None
    size = params_b or 0.0
    fits = [r for r in rows if (r.params_b_min or 0.0) <= size < (r.params_b_max or math.inf)]
    return min(fits or rows, key=lambda r: (r.params_b_max or math.inf) - (r.params_b_min or 0.0))
