"""Attitude to risk: the middle of each estimate, or its adverse quartile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selector.decide.limits import Z90

if TYPE_CHECKING:
    from selector.decide.recommend import Run

Z75 = 0.6745  # standard normal, third quartile


def judged(run: Run, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Figures that the values are taken of. `cautious` takes the quartile that is worse, of all
    criteria together, which is pessimistic (decision methods, section 1)."""
    if run.req.risk_attitude != "cautious":
        return raw
    share = Z75 / Z90
    low, middle = run.quality[:, 0], run.quality[:, 1]
    return {
        "quality": middle * (low / middle) ** share,
        "cost": raw["cost"] * run.stacks.cost_spread**share,
        "latency": raw["latency"] * run.stacks.spread**share,
        "risk": raw["risk"],
        "effort": raw["effort"] * run.p["effort.spread"] ** share,
    }
