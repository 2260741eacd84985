"""What a stack has cost by the end of each month, for tables of payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selector.types.decision import CostLine


@dataclass(frozen=True, slots=True)
class Outlay:
    """USD paid at the start, and USD of every month after it; the middle of each estimate."""

    once: float
    monthly: float

    def after(self, months: float) -> float:
        """USD paid by the end of a month (formula `cost.cumulated`)."""
        return self.once + self.monthly * months


def of(costs: Sequence[CostLine], horizon_months: float) -> Outlay | None:
    """Payments behind the lines of a cost table; None where an amount is not known."""
    known = [c.usd_per_month.p50 for c in costs if c.usd_per_month is not None]
    if len(known) < len(costs):
        return None
    once = sum(c.once_usd for c in costs)
    return Outlay(once, sum(known) - once / horizon_months)
