"""Weights of the criteria out of the form in which they were stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selector.decide.gate import CRITERIA

if TYPE_CHECKING:
    from selector.decide.value import Scale
    from selector.types.requirement import Weights

# One unit of a criterion in `weights.pay`; the scales are in index, ms, points of risk, person-months.
UNITS = {"quality": 0.01, "latency": 1.0, "risk": 1.0, "effort": 1.0}
WORDS = {
    "points": "as stated",
    "swing": "of the swings stated",
    "rank": "rank-order centroid of the order stated",
    "pay": "of what was stated to be worth paying at the targets",
}


def centroid(count: int) -> tuple[float, ...]:
    """Rank-order centroid weights of `count` criteria, sum 1: w_j = (1/k) sum of 1/m over m = j..k
    (Barron and Barrett 1996), the mean of all weights that keep the order."""
    return tuple(sum(1.0 / m for m in range(j, count + 1)) / count for j in range(1, count + 1))


def of_order(order: tuple[str, ...]) -> dict[str, float]:
    """Weights of criteria from the most to the least important."""
    return dict(zip(order, centroid(len(order)), strict=True))


def of_pay(pay: Mapping[str, float], scales: Mapping[str, Scale]) -> dict[str, float]:
    """Weights under which, at the targets, one unit of a criterion is worth `pay` USD a month.

    An additive score trades x against USD at w_x u'_x / (w_cost u'_cost); that ratio is `pay` over
    the unit. Values bend at the target; slopes are those on the side of the worst, since a trade is
    about how far to stay below what is wanted.
    """
    slopes = {c: abs(s.slope(s.target)) for c, s in scales.items()}
    usd = slopes["cost"]
    found = {c: amount * usd / UNITS[c] / slopes[c] for c, amount in pay.items() if c in UNITS}
    return {"cost": 1.0} | found


def relative(weights: Weights, scales: Mapping[str, Scale]) -> dict[str, float]:
    """Weights on any common scale, whatever their form."""
    if weights.form == "swing":
        return dict(weights.swing)
    if weights.form == "rank":
        return of_order(weights.rank)
    return of_pay(weights.pay, scales) if weights.form == "pay" else weights.points


def note(form: str, weights: Mapping[str, float]) -> tuple[str, ...]:
    """Stated weights as they act; nothing where they are the default ones, which are assumptions."""
    if form not in WORDS:
        return ()
    shares = ", ".join(f"{c} {weights[c]:.1f}" for c in CRITERIA)
    return (f"weights of 100: {shares} ({WORDS[form]})",)
