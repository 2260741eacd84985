"""Several stacks as one: cost over the rate that takes the second part, where it breaks even, and time.

USD a month, milliseconds, fractions of the requests. The arithmetic of calls is that of FrugalGPT
(arXiv 2305.05176) and RouteLLM (arXiv 2406.18665); machines enter at what their own load needs.
"""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric
from selector.estimate.trace import formula


@formula("composite.break_even", "fraction")
def break_even(xp: Numeric, alone: Any, fixed: Any, slope: Any) -> Any:
    """Rate at which `fixed` + rate x `slope` costs as much as the single stack, between 0 and 1 (formula
    `composite.break_even`): below it the composite is cheaper. Exact where the bill follows the calls.
    """
    rising = slope > 0.0
    at = (alone - fixed) / xp.where(rising, slope, 1.0)
    flat = xp.where(alone > fixed, 1.0, 0.0)
    return xp.minimum(xp.maximum(xp.where(rising, at, flat), 0.0), 1.0)


@formula("composite.most_above", "fraction")
def most_above(xp: Numeric, capacity: Any, peak: Any) -> Any:
    """Largest share of the requests that can come above a capacity (formula `composite.most_above`).

    A load between 0 and `peak` sends most above where it is always at one of the two: the part of load
    x above capacity c lies below the chord x (1 - c / peak), whatever the hours look like.
    """
    return xp.maximum(1.0 - capacity / peak, 0.0)


@formula("composite.in_turn", "ms")
def in_turn(first: Any, second: Any) -> Any:
    """Time of a request that passes two parts, each slow at once (formula `composite.in_turn`)."""
    return first + second
