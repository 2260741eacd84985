"""What a month of each candidate costs: its parts, their sum, and the doubt about the sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import switching
from selector.decide.columns import Column, Formed, row_by_row
from selector.estimate import cost

if TYPE_CHECKING:
    from selector.decide.recommend import Run


@dataclass(frozen=True, slots=True)
class Part:
    """USD over the candidates, a month where nothing else is said, and p90 over p50 of it, as columns."""

    usd: Any
    spread: Any


def parts(run: Run, people_usd: Any) -> dict[str, Part]:
    """By formula: infrastructure, purchase, move and training over the horizon, people and mitigations."""
    import numpy as np

    s, places = run.stacks, run.axes.places
    horizon = float(run.req.horizon_months or 12)
    trained = run.training

    guessed = Column(np.array([q.guessed for q in places] or [False]), s.place)
    exact, by_people = (np.broadcast_to(x, len(s)) for x in (1.0, run.p["effort.spread"]))
    return {
        "cost.infrastructure": Part(s.infra_usd, s.cost_spread),
        "cost.purchase": Part(s.once_usd / horizon, np.where(guessed, s.cost_spread, 1.0)),
        "cost.switching": Part(switching.usd(run) / horizon, exact),
        "cost.training": Part(trained.once_usd / horizon + trained.again_usd, trained.spread),
        "cost.people": Part(people_usd, by_people),
        "cost.mitigations": Part(run.risks.usd, by_people),
    }


def upfront(run: Run) -> Part:
    """USD paid at the start: bought devices, the move, the first training run; prices are sure, the
    hours of the run are not."""
    import numpy as np

    first = run.training
    bought, move = run.stacks.once_usd, switching.usd(run)
    if not first.once_usd.any():
        return Part(bought + move, np.broadcast_to(1.0, len(run.stacks)))
    usd = cost.upfront(bought, move, first.once_usd)
    return Part(usd, cost.spread(np, usd, (bought + move, first.once_usd), (1.0, first.spread)))


def total(parts: Mapping[str, Part]) -> tuple[Any, Any]:
    """USD a month, and p90 over p50 of it."""
    import numpy as np

    every = list(parts.values())
    # What costs nothing anywhere, such as a purchase where all is rented, adds nothing.
    found = [part for part in every if part.usd.any()] or every[:1]
    usd = row_by_row(cost.total, *(part.usd for part in found))
    spread = Formed(
        lambda whole, *columns: cost.spread(np, whole, columns[: len(found)], columns[len(found) :]),
        *(usd, *(part.usd for part in found), *(part.spread for part in found)),
    )
    return usd, spread
