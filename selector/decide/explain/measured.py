"""Factors out of measurements as numbers that remember the points behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from selector.decide.calibrated import FACTORS, FIRST, Belief, Term
from selector.estimate.calibration import told
from selector.estimate.sizing import Times
from selector.estimate.trace import TRACE, named
from selector.types.calibration import Reading
from selector.types.explain import Origin
from selector.types.load import Cell

if TYPE_CHECKING:
    from selector.decide.explain.leaves import Leaves

SHOWN = 6
# Quantity -> times of a replica that it moves.
MOVED = {
    "token": ("per_output_token",),
    **dict.fromkeys(FIRST, ("first_token", "first_token_p95")),
}
WORDS = {
    "token": "measurements on the time per output token",
    "first_token": "measurements on the first token",
    "first_token_loaded": "measurements on the first token under load",
    "rate": "measurements on the throughput",
    "memory": "measurements on the memory",
}


def on_cell(leaves: Leaves, cell: Cell, found: Mapping[str, Belief]) -> Cell:
    """The cell with traced factors and the intervals that they leave."""
    changed: dict[str, Any] = {}
    for quantity, belief in found.items():
        factor, spread = FACTORS[quantity]
        changed[factor] = _factor(leaves, belief)
        if spread is not None:
            why = "what measurements leave of the interval"
            changed[spread] = leaves.choice(
                f"calibration.{quantity}.spread", belief.spread, "p90 over p50", why
            )
    return replace(cell, **changed)


def at_load(leaves: Leaves, cell: Cell, t: Times, here: Mapping[str, Belief]) -> Times:
    """Times with the factors of the load where it was measured itself."""
    changed: dict[str, Any] = {}
    for quantity, names in MOVED.items():
        belief = here.get(quantity)
        if belief is not None and belief.method == "measured":
            whole: Any = getattr(cell, FACTORS[quantity][0])
            ratio = named(
                _factor(leaves, belief) / whole, f"calibration.{quantity}.here", "factor", "of this very load"
            )
            changed |= {n: getattr(t, n) * ratio for n in names}
    return replace(t, **changed)


def _factor(leaves: Leaves, belief: Belief) -> Any:
    """The factor on a quantity, from its terms and the prior of the estimator."""
    key = f"calibration.{belief.quantity}.{belief.method}"
    prior: Any = 0.0
    if belief.prior_precision:
        why = "how much the estimator's own band weighs beside the measurements"
        prior = leaves.choice(f"{key}.prior_precision", belief.prior_precision, "1/ln^2", why)
    logs, weights = [], []
    for number, term in enumerate(belief.terms, 1):
        logs.append(_leaf(leaves, f"{key}.log.{number}", term.log, "ln(measured / estimated)", term))
        weights.append(_leaf(leaves, f"{key}.weight.{number}", term.weight, "1/ln^2", term))
    mean = named(told(prior, logs, weights), f"{key}.log_factor", "ln(measured / estimated)", "weighted mean")
    return named(TRACE.exp(mean), f"calibration.{belief.quantity}.factor", "factor", WORDS[belief.quantity])


def _leaf(leaves: Leaves, key: str, value: float, unit: str, term: Term) -> Any:
    """What one stack or group tells, with its points."""
    if not term.readings:
        return leaves.choice(key, value, unit, term.words)
    said = [_said(r) for r in term.readings[:SHOWN]]
    rest = len(term.readings) - SHOWN
    points = "; ".join(said) + (f"; and {rest} more" if rest > 0 else "")
    files = ", ".join(dict.fromkeys(r.file for r in term.readings))
    dates = [r.dated for r in term.readings if r.dated]
    return leaves.measured(
        key,
        value,
        unit,
        Origin(
            "measurement",
            files,
            (),
            max(dates, default=None),
            f"{term.words}: {points}",
            points=len(term.readings),
        ),
    )


def _said(r: Reading) -> str:
    return f"{r.id} {r.metric} {r.measured:.4g} (estimated {r.estimated:.4g})"
