"""Hard limits on candidates: ok, at risk, violated or unverified, and what to relax."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from selector.decide.columns import row_by_row
from selector.estimate.numeric import Z90

OK, AT_RISK, VIOLATED, UNVERIFIED = 0, 1, 2, 3
STATUS = ("ok", "at_risk", "violated", "unverified")
MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Limit:
    """A numeric cap: the requirement's key, its value, the column judged and its spread."""

    id: str
    cap: float
    unit: str
    column: Any
    spread: Any
    hard: bool = True  # False: nobody stated it; it counts in the score and rules nothing out
    confidence: float = MIDDLE  # chance with which the cap must be kept, 0.5 to 1

    @property
    def needed(self) -> Any:
        """The least cap that each candidate would keep with the confidence asked for; nan where the
        estimate is not known."""
        by = share(self.confidence)
        return self.column * self.spread**by if by else self.column

    def least(self, row: int) -> float:
        """The same for one candidate."""
        found: float = float(self.column[row]) * float(self.spread[row]) ** share(self.confidence)
        return found


def share(quantile: float) -> float:
    """Standard normal quantile in units of that of p90: a lognormal quantity has its quantile at
    p50 x (p90 / p50) ** share."""
    if quantile == MIDDLE:
        return 0.0
    from statistics import NormalDist

    return NormalDist().inv_cdf(quantile) / Z90


def status(limit: Limit) -> Any:
    """Int8 column: violated where the cap is not kept with the confidence asked for, at risk where
    it is and p90 is over the cap all the same, unverified where the estimate is not known."""
    return row_by_row(partial(_status, limit.cap, share(limit.confidence)), limit.column, limit.spread)


def _status(cap: float, by: float, p50: Any, spread: Any) -> Any:
    import numpy as np

    with np.errstate(invalid="ignore"):
        high = p50 * spread
        needed = p50 * spread**by if by else p50
        found = np.where(needed > cap, VIOLATED, np.where(high > cap, AT_RISK, OK))
    return np.where(np.isnan(p50), UNVERIFIED, found).astype(np.int8)


def p_ok(p50: float, spread: float, cap: float) -> float | None:
    """Chance that a lognormal quantity keeps the cap (vector CHANCE of the decision methods)."""
    if math.isnan(p50):
        return None
    if spread <= 1.0 or p50 <= 0.0 or cap <= 0.0:
        return 1.0 if p50 <= cap else 0.0
    z = math.log(cap / p50) / (math.log(spread) / Z90)
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def masks(columns: Sequence[Any], size: int) -> Any:
    """Bit set of violated limits per candidate."""
    import numpy as np

    found = np.zeros(size, dtype=np.int64)
    for bit, column in enumerate(columns):
        found |= (column == VIOLATED).astype(np.int64) << bit
    return found


def minimal_sets(found: Any) -> list[int]:
    """Inclusion-minimal masks: the smallest sets of limits whose removal lets a stack through."""
    import numpy as np

    distinct = sorted((int(m) for m in np.unique(found)), key=lambda m: (m.bit_count(), m))
    kept: list[int] = []
    for mask in distinct:
        if not any(k & mask == k for k in kept):
            kept.append(mask)
    return kept


def short_of(gib: float) -> str:
    """How much memory a device lacks, with enough digits that it is not nothing."""
    return f"{gib:.1f} GiB a device short" if gib >= 0.1 else f"{gib:.1g} GiB a device short"
