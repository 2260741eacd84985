"""Time of people in person-months."""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric
from selector.estimate.trace import formula


@formula("effort.running", "person-months/month")
def running(xp: Numeric, base: Any, units: Any, per_extra: Any) -> Any:
    """Person-months a month to keep it running (formula `effort.running`): the first machine, and
    each one more."""
    return base + xp.maximum(units - 1.0, 0.0) * per_extra


@formula("effort.once", "person-months")
def once(build: Any, adapt: Any, days: Any, working_days: Any) -> Any:
    """Person-months until the first release (formula `effort.once`): building, adapting, and the days
    of the mitigations."""
    return build + adapt + days / working_days


@formula("effort.total", "person-months")
def total(running_: Any, once_: Any, horizon: Any) -> Any:
    """Person-months over the horizon (formula `effort.total`)."""
    return running_ * horizon + once_


@formula("effort.hands", "engineers")
def hands(xp: Numeric, team: Any, most: Any) -> Any:
    """Engineers that bring a launch forward (formula `effort.hands`): the team, up to `most`."""
    return xp.minimum(team, most)


@formula("effort.weeks", "weeks")
def weeks(once_: Any, hands_: Any, per_month: Any) -> Any:
    """Weeks until the first release (formula `effort.weeks`)."""
    return once_ / hands_ * per_month
