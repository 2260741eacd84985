"""Value functions: from a raw estimate to 0..1 by anchors of the requirements, never of the candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import load as loads
from selector.errors import PackError, Problem

if TYPE_CHECKING:
    from selector.types.load import Load
    from selector.types.requirement import Requirement


@dataclass(frozen=True, slots=True)
class Scale:
    """Piecewise-linear value through worst -> 0, target -> at_target, ideal -> 1.

    `log` takes logarithms first (cost, time); `falling` says that less is better.
    """

    criterion: str
    unit: str
    worst: float
    target: float
    ideal: float
    log: bool
    why: str
    at_target: float = 0.8

    def __post_init__(self) -> None:
        """Refuse anchors without an order: no value can be read off them."""
        ordered = self.worst < self.target < self.ideal or self.worst > self.target > self.ideal
        if not ordered or (self.log and min(self.worst, self.ideal) <= 0.0):
            what = (
                f"{self.criterion}: worst {self.worst:g}, target {self.target:g} and ideal {self.ideal:g} "
                f"{self.unit} are not in order ({self.why})"
            )
            raise PackError(
                Problem(what, None, "correct the parameters value.* and cost.reference_* of the packs")
            )

    def value(self, xp: Any, x: Any) -> Any:
        """Value of `x`, clipped to 0..1; numpy arrays or floats."""
        worst, target, ideal = ((xp.log(v) if self.log else v) for v in (self.worst, self.target, self.ideal))
        position = xp.log(xp.maximum(x, 1e-12)) if self.log else x
        low = self.at_target * (position - worst) / (target - worst)
        high = self.at_target + (1.0 - self.at_target) * (position - target) / (ideal - target)
        beyond = (position - target) * (ideal - target) > 0.0
        return xp.minimum(xp.maximum(xp.where(beyond, high, low), 0.0), 1.0)

    def inverse(self, value: float) -> float:
        """The figure nearest to the worst that has a value of 0..1."""
        worst, target, ideal = (
            (math.log(v) if self.log else v) for v in (self.worst, self.target, self.ideal)
        )
        if value <= self.at_target:
            position = worst + value / self.at_target * (target - worst)
        else:
            position = target + (value - self.at_target) / (1.0 - self.at_target) * (ideal - target)
        return math.exp(position) if self.log else position

    def slope(self, x: float) -> float:
        """Value per unit of the figure at `x`; 0 beyond the worst and the ideal."""
        low, high = sorted((self.worst, self.ideal))
        if not low < x < high:
            return 0.0
        worst, target, ideal = (
            (math.log(v) if self.log else v) for v in (self.worst, self.target, self.ideal)
        )
        if (x - self.target) * (self.ideal - self.target) > 0.0:
            found = (1.0 - self.at_target) / (ideal - target)
        else:
            found = self.at_target / (target - worst)
        return found / x if self.log else found


def scales(req: Requirement, load: Load, p: Mapping[str, float], assumed: frozenset[str]) -> dict[str, Scale]:
    """Scales of all criteria; `assumed` holds the keys that nobody stated."""
    tokens = (load.requests_per_month or 0.0) * (load.input_tokens + load.output_tokens)
    limit, stated = loads.latency_limit_ms(req, load, assumed)
    return {
        "quality": quality_scale(req.quality.level or "good", req.application.task, p),
        "cost": cost_scale(req.budget.per_month_usd, tokens, p),
        "latency": latency_scale(limit or p["value.latency_default_ms"], stated, p),
        "risk": risk_scale(req.risk.appetite or "moderate", p),
        "effort": effort_scale(float(req.horizon_months or 12), p),
    }


def filled(xp: Any, scale: Scale, x: Any, missing: float) -> tuple[Any, Any]:
    """Values of `x`, `missing` where it is not known (nan), and where it is known. What is missing
    is never taken from other candidates, and its weight stays."""
    known = ~xp.isnan(x)
    return xp.where(known, scale.value(xp, xp.where(known, x, scale.target)), missing), known


def falling(
    criterion: str, unit: str, limit: float, target: float, ideal: float, why: str, at: float
) -> Scale:
    """Less is better, judged on ratios."""
    return Scale(criterion, unit, limit, target, ideal, True, why, at)


def cost_scale(budget: float | None, tokens_per_month: float | None, p: Mapping[str, float]) -> Scale:
    """Cost: the budget is the worst acceptable; without one, a reference price for the volume."""
    at = p["value.at_target"]
    if budget:
        target = budget * p["value.cost_target_ratio"]
        return falling(
            "cost",
            "USD/month",
            budget,
            target,
            budget * p["value.stretch_ratio"],
            "budget stated",
            at,
        )
    reference = (tokens_per_month or 0.0) / 1e6 * p["cost.reference_usd_per_mtok"]
    target = max(reference, p["cost.reference_floor_usd"])
    why = "no budget: reference price per million tokens for the stated volume"
    worst, ideal = target * p["value.cost_worst_range"], target / p["value.cost_range"]
    return falling("cost", "USD/month", worst, target, ideal, why, at)


def latency_scale(limit_ms: float, stated: bool, p: Mapping[str, float]) -> Scale:
    """End-to-end p95: the limit is the worst acceptable."""
    ratio = p["value.latency_target_ratio"]
    why = "latency limits stated" if stated else "default limits of the task"
    worst = limit_ms if stated else limit_ms * p["value.latency_default_worst"]
    return falling(
        "latency",
        "ms",
        worst,
        limit_ms * ratio,
        limit_ms * p["value.stretch_ratio"],
        why,
        p["value.at_target"],
    )


def quality_scale(level: str, task: str, p: Mapping[str, float]) -> Scale:
    """Quality index of public scores; anchors from the registry by the level asked for, and by the
    task where its scores lie elsewhere than those of most."""
    target = p.get(f"value.quality_target.{level}.{task}", p[f"value.quality_target.{level}"])
    ideal = target + (1.0 - target) / 2.0
    return Scale(
        "quality",
        "index",
        p.get(f"value.quality_worst.{task}", p["value.quality_worst"]),
        target,
        ideal,
        False,
        f"index of public scores, level {level}",
        p["value.at_target"],
    )


def risk_scale(appetite: str, p: Mapping[str, float]) -> Scale:
    """Residual risk index; the appetite is the target."""
    target = p[f"value.risk_target.{appetite}"]
    return Scale(
        "risk",
        "index",
        p["value.risk_worst"],
        target,
        0.0,
        False,
        f"appetite {appetite}",
        p["value.at_target"],
    )


def effort_scale(horizon_months: float, p: Mapping[str, float]) -> Scale:
    """Person-months over the horizon, build and run."""
    share = horizon_months / 12.0
    target = p["value.effort_target"] * share
    return falling(
        "effort",
        "person-months",
        p["value.effort_worst"] * share,
        target,
        target * p["value.effort_ideal_ratio"],
        "registry anchors",
        p["value.at_target"],
    )
