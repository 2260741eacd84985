"""Rules that multiply an estimate, with an interval, where what they describe is known to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.decide.judge import TRUE

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.decide.gate import Gates
    from selector.types.rule import Rule

TIMES = ("first_token_ms", "first_token_p95_ms", "per_output_token_ms", "request_p95_ms")


def apply(gates: Gates, group: Any, stacks: Candidates, quality: Any) -> None:
    """Multiply the columns in place: times or the bill of the infrastructure, or p10, p50, p90 of quality.

    The interval of a rule, factor_low to factor_high, joins the interval of the estimate as
    independent doubt: squares of log-spreads add.
    """
    for rule, column in gates.adjustments:
        rows = (column == TRUE)[group]
        if rule.quantity == "quality":
            factors = (rule.factor_low, rule.factor, rule.factor_high)
            for i, factor in enumerate(factors):
                quality[rows, i] = (quality[rows, i] * factor).clip(0.0, 1.0)
        elif rule.quantity == "cost":
            stacks.infra_usd[rows] *= rule.factor
            stacks.cost_spread[rows] = _wider(stacks.cost_spread[rows], rule)
        else:
            for name in TIMES:
                getattr(stacks, name)[rows] *= rule.factor
            stacks.spread[rows] = _wider(stacks.spread[rows], rule)


def _wider(spread: Any, rule: Rule) -> Any:
    import numpy as np

    own = np.log(rule.factor_high / rule.factor_low) / 2.0
    return np.exp(np.hypot(np.log(spread), own))


def reasons(gates: Gates, group: int, quantity: str) -> str | None:
    """Ids of the rules that multiplied a quantity of a stack, as one text."""
    found = [
        f"{rule.id} x{rule.factor:g}"
        for rule, column in gates.adjustments
        if rule.quantity == quantity and column[group] == TRUE
    ]
    return ", ".join(found) or None
