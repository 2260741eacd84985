"""Attitude to risk: the middle of each estimate, or a worse quantile of all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selector.decide import limits

if TYPE_CHECKING:
    from selector.decide.recommend import Run

QUANTILES = {"neutral": limits.MIDDLE, "cautious": 0.75}


def quantile(stated: str | float | None) -> float:
    """The quantile, on the worse side, that the values are taken of."""
    if isinstance(stated, int | float):
        return float(stated)
    return QUANTILES[stated or "neutral"]


def judged(run: Run, raw: Mapping[str, Any], cost_spread: Any, waits: bool) -> Mapping[str, Any]:
    """Figures that the values are taken of: raw, or at the worse quantile of each estimate. The risk
    index has no interval and stays."""
    by = limits.share(quantile(run.req.risk_attitude))
    if not by:
        return raw
    low, middle = run.quality[:, 0], run.quality[:, 1]
    return {
        "quality": middle * (low / middle) ** by,
        "cost": raw["cost"] * cost_spread**by,
        "latency": raw["latency"] * run.stacks.request_spread**by if waits else raw["latency"],
        "risk": raw["risk"],
        "effort": raw["effort"] * run.p["effort.spread"] ** by,
    }


def note(stated: str | float | None) -> tuple[str, ...]:
    """What the attitude does to the points; nothing where the middle is taken."""
    worse = quantile(stated)
    if worse == limits.MIDDLE:
        return ()
    text = (
        f"risk attitude {stated}: points are of the quantile {worse:g} on the worse side of quality, cost, "
        "latency and effort at once, which is pessimistic; estimates and limits are printed as ever"
    )
    return (text,)
