"""Search of hyper-parameters: how many trials the money buys, and what the chosen method makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selector.decide.runs.chosen import one_run
from selector.plan.lines import SPACE
from selector.types.estimate import Estimate
from selector.types.plan import PlanLine, SearchPlan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.recommend import Run

CONTINUOUS_CELLS = 3  # values that a grid takes of a range
Space = dict[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Means:
    """What a search has: hours and USD of a trial (None: not known), trials that money and time buy, how
    many run at once."""

    hours: Estimate
    usd: Estimate | None
    paid: int
    parallel: int
    budget: float
    told: str  # where the budget comes from
    by_time: float  # trials that the time allows

    @property
    def trial_hours(self) -> float:
        """Hours of one trial."""
        return self.hours.p50

    @property
    def trial_usd(self) -> float:
        """USD of one trial; 0 on own machines and where nobody knows."""
        return self.usd.p50 if self.usd else 0.0


def space(found: Sequence[PlanLine]) -> Space:
    """Parameters of the lines that name some."""
    made: Space = {}
    for line in found:
        named = line.settings.get(SPACE)
        if isinstance(named, Mapping):
            made |= {str(k): v for k, v in named.items()}
    return made


def cells(of: Space) -> int:
    """Points of a full grid."""
    return math.prod(len(_values(v)) or CONTINUOUS_CELLS for v in of.values()) if of else 0


def _values(of: Mapping[str, object]) -> Sequence[object]:
    found = of.get("choices", ())
    return found if isinstance(found, list | tuple) else ()


def means(run: Run, plan: TrainingPlan, paid: float) -> Means | None:
    """What a search may use beside the USD that are paid at the start anyway; None where the time of a
    trial is not known."""
    p = run.p
    wall, usd = one_run(plan)
    if wall is None:
        return None
    budget, told = _budget(run, paid)
    owned = plan.usd_per_hour == 0.0
    parallel = max(_free(run, plan) // plan.n_devices, 1) if owned else int(p["plan.parallel_rented"])
    by_time = p["plan.search_hours"] * parallel / wall.p50
    paid = min(budget / usd.p50, by_time) if usd and usd.p50 else by_time
    return Means(wall, usd, int(paid), parallel, budget, told, by_time)


def _free(run: Run, plan: TrainingPlan) -> int:
    """Devices of the kind that are at hand."""
    counts = [q.available for q in run.axes.places if q.device == plan.hardware and q.available]
    return max(counts, default=plan.n_devices)


def _budget(run: Run, paid: float) -> tuple[float, str]:
    p, stated = run.p, run.req.budget
    if stated.upfront_usd is not None and "budget.upfront_usd" not in run.assumed:
        return max(stated.upfront_usd - paid, 0.0), "left of budget.upfront_usd"
    if stated.per_month_usd is not None and "budget.per_month_usd" not in run.assumed:
        return stated.per_month_usd * p["plan.search_share"], "a share of budget.per_month_usd"
    return p["plan.search_usd"], "assumed, no budget is stated"


def share(method: str, p: Mapping[str, float]) -> float:
    """Share of a full trial that one takes in the mean."""
    return p["plan.early_stop_share"] if method == "asha" else 1.0


def plan(run: Run, has: Means, of: Space, line: PlanLine) -> SearchPlan:
    """The search that a rule chose, with its trials, hours and money."""
    p = run.p
    named = line.settings.get("search")
    chosen = named if isinstance(named, Mapping) else {}
    method = str(chosen.get("method", "none"))
    part = share(method, p)
    wanted = {
        "grid": cells(of),
        "random": int(p["plan.random_trials"]),
        "tpe": int(p["plan.trials_per_parameter"]) * len(of),
        "asha": int(p["plan.early_stop_trials"] * p["plan.trials_per_parameter"]) * len(of),
    }.get(method, has.paid)
    trials = max(min(wanted, int(has.paid / part)), 1)
    rounds = math.ceil(trials / has.parallel)
    # Trials are alike: what one takes too long, all do.
    hours = has.hours.scaled(rounds * part, "h", "plan.search_hours")
    usd = has.usd and has.usd.scaled(trials * part, "USD", "plan.search_usd")
    return SearchPlan(
        method=method,
        tool=str(chosen.get("tool", "")),
        trials=trials,
        parallel=min(has.parallel, trials),
        hours=hours,
        usd=usd,
        space=of,
        rule=line.rule,
        source=line.source,
    )
