"""Cost of ownership in USD per month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selector.estimate.numeric import Numeric
from selector.estimate.trace import formula

HOURS_PER_MONTH = 730.0
TOKENS_PER_MTOK = 1e6


@formula("cost.api_request", "USD")
def api_tokens(
    input_tokens: float,
    output_tokens: float,
    cached_fraction: float,
    usd_in: float,
    usd_out: float,
    usd_cached: float | None,
) -> float:
    """USD of one request to a hosted model (formula `cost.api_request`)."""
    cached = input_tokens * cached_fraction if usd_cached is not None else 0.0
    fresh = input_tokens - cached
    total = fresh * usd_in + cached * (usd_cached or 0.0) + output_tokens * usd_out
    return total / TOKENS_PER_MTOK


@formula("cost.rented", "USD/month")
def rented(usd_per_hour: Any, units: Any, active_fraction: Any = 1.0) -> Any:
    """USD a month of `units` rentable units (formula `cost.rented`)."""
    return usd_per_hour * units * HOURS_PER_MONTH * active_fraction


@formula("cost.power", "USD/month")
def power(watts: Any, devices: Any, overhead: Any, usd_per_kwh: Any) -> Any:
    """USD a month for the electricity of owned devices at full load (formula `cost.power`)."""
    return watts * devices * overhead / 1000.0 * HOURS_PER_MONTH * usd_per_kwh


@formula("cost.people", "USD/month")
def people(person_months_per_month: Any, one_off_person_months: Any, usd_per_month: Any, horizon: Any) -> Any:
    """USD a month of people: running effort, and the one-off spread over the horizon
    (formula `cost.people`)."""
    return (person_months_per_month + one_off_person_months / horizon) * usd_per_month


@formula("cost.units", "units")
def whole_units(xp: Numeric, devices: Any, per_unit: Any) -> Any:
    """Rentable units that hold `devices` (formula `cost.units`)."""
    return xp.ceil(devices / per_unit)


@formula("cost.machines", "units")
def machines(xp: Numeric, replicas: Any, group: Any, per_unit: Any) -> Any:
    """Rentable units for replicas of `group` devices each (formula `cost.machines`): several replicas
    share a unit that holds them, else each takes units of its own."""
    sharing = xp.floor(per_unit / group)
    return xp.where(
        sharing >= 1.0,
        xp.ceil(replicas / xp.maximum(sharing, 1.0)),
        replicas * whole_units(xp, group, per_unit),
    )


@formula("cost.upfront", "USD")
def upfront(bought: Any, move: Any, first_run: Any) -> Any:
    """USD paid at the start: bought devices, the move from the stack in place, the first training run
    (formula `cost.upfront`)."""
    return bought + move + first_run


@formula("cost.total", "USD/month")
def total(*parts: Any) -> Any:
    """USD a month of all parts (formula `cost.total`)."""
    return sum(parts[1:], parts[0])


@formula("cost.spread", "p90 over p50")
def spread(xp: Numeric, total: Any, parts: Sequence[Any], spreads: Sequence[Any]) -> Any:
    """p90 over p50 of a sum whose parts are dear together: the parts at their p90 over the parts at
    their p50, which is wider than if they erred apart (formula `cost.spread`). 1 where nothing is paid.
    """
    high = sum(part * by for part, by in zip(parts, spreads, strict=True))
    paid = total > 0.0
    return xp.where(paid, high / xp.where(paid, total, 1.0), 1.0)
