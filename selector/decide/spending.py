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

    guessed = Column(np.array([q.guessed for q in places] or [False]), s.place)
    exact, by_people = (np.broadcast_to(x, len(s)) for x in (1.0, run.p["effort.spread"]))
    return {
        "cost.infrastructure": Part(s.infra_usd, s.cost_spread),
        "cost.purchase": Part(s.once_usd / horizon, np.where(guessed, s.cost_spread, 1.0)),
        "cost.switching": Part(switching.usd(run) / horizon, exact),
        "cost.training": _training(run, horizon),
        "cost.people": Part(people_usd, by_people),
        "cost.mitigations": Part(run.risks.usd, by_people),
    }


def _training(run: Run, horizon: float) -> Part:
    import numpy as np

    of = run.training
    if not (of.once_usd.any() or of.again_usd.any()):
        return Part(of.again_usd, of.again_spread)
    first = of.once_usd / horizon
    usd = first + of.again_usd
    return Part(usd, cost.spread(np, usd, (first, of.again_usd), (of.once_spread, of.again_spread)))


def upfront(run: Run) -> Part:
    """USD paid at the start: bought devices, the move, the first training run; prices are sure, the
    hours of the run are not."""
    import numpy as np

    first = run.training
    bought, move = run.stacks.once_usd, switching.usd(run)
    if not first.once_usd.any():
        return Part(bought + move, np.broadcast_to(1.0, len(run.stacks)))
    usd = cost.upfront(bought, move, first.once_usd)
    return Part(usd, cost.spread(np, usd, (bought + move, first.once_usd), (1.0, first.once_spread)))


def held_to_budget(run: Run, once: Part) -> Any:
    """USD at the start that `budget.upfront_usd` holds for: a training run that costs next to nothing
    (`cost.petty_usd`) is left out; nan where a part is not known, unless what is known is too much."""
    import numpy as np

    cap, first, unknown = run.req.budget.upfront_usd, run.training.once_usd, run.training.once_unknown
    if cap is None or not (first.any() or unknown.any()):
        return once.usd
    usd = once.usd - np.where(petty(run, first), first, 0.0)
    return np.where(unknown & (usd <= cap), np.nan, usd)


def petty(run: Run, first_usd: Any) -> Any:
    """Whether a first training run is too small for a budget to hold for it."""
    return first_usd < run.p["cost.petty_usd"]


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
