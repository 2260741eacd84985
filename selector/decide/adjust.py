"""Rules that multiply an estimate, with an interval, where what they describe is known to hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import mul
from typing import TYPE_CHECKING, Any

from selector.decide.candidates import SPREADS
from selector.decide.columns import Column
from selector.decide.judge import TRUE

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.decide.gate import Gates
    from selector.types.rule import Rule

TIMES = ("first_token_ms", "first_token_p95_ms", "per_output_token_ms", "request_p95_ms")


def apply(gates: Gates, group: Any, stacks: Candidates, quality: Any) -> Any:
    """Multiply the columns of the candidates, times or the bill of the infrastructure; the columns
    p10, p50, p90 of quality after what multiplies them.

    The interval of a rule, factor_low to factor_high, joins the interval of the estimate as
    independent doubt: squares of log-spreads add.
    """
    for rule, column in gates.adjustments:
        if not (column == TRUE).any():
            continue
        rows = (column == TRUE)[group]
        if rule.quantity == "quality":
            quality = _changed(quality, rows, partial(_times, rule))
        elif rule.quantity == "cost":
            _change(stacks, "infra_usd", rows, partial(mul, rule.factor))
            _change(stacks, "cost_spread", rows, partial(_wider, rule))
        else:
            for name in TIMES:
                _change(stacks, name, rows, partial(mul, rule.factor))
            for name in SPREADS:
                _change(stacks, name, rows, partial(_wider, rule))
    return quality


def _change(stacks: Candidates, name: str, rows: Any, by: Callable[[Any], Any]) -> None:
    setattr(stacks, name, _changed(getattr(stacks, name), rows, by))


def _changed(column: Any, rows: Any, by: Callable[[Any], Any]) -> Any:
    """The column, some rows of it changed: each value beside what it becomes, and which of the two."""
    import numpy as np

    if isinstance(column, Column):
        both = np.stack([column.values, by(column.values)], axis=1)
        return Column(both.reshape(-1, *both.shape[2:]), column.rows.astype(np.int32) * 2 + rows)
    found = column.copy()
    found[rows] = by(found[rows])
    return found


def _times(rule: Rule, quality: Any) -> Any:
    return (quality * (rule.factor_low, rule.factor, rule.factor_high)).clip(0.0, 1.0)


def _wider(rule: Rule, spread: Any) -> Any:
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
