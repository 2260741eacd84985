"""Lines of the cost table of one stack, USD a month over the horizon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from selector.decide import spending, switching
from selector.decide.runs import chosen
from selector.decide.runs import cost as training
from selector.packs import fresh
from selector.types.decision import CostLine, RankedStack
from selector.types.estimate import NOT_COUNTED, Estimate

if TYPE_CHECKING:
    from selector.decide.axes import Place
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

ALWAYS = ("cost.infrastructure", "cost.people")  # shown although nothing
HOSTED = {
    "api": "hosted model",
    "api_batch": "hosted model, batch",
    "managed_dedicated": "hosted model, reserved capacity",
}


def lines(run: Run, scored: Scored, row: int) -> tuple[CostLine, ...]:
    """Infrastructure, purchase, training, people, mitigations and the move, where each costs anything."""
    place = run.axes.places[int(run.stacks.place[row])]
    over = f"over {float(run.req.horizon_months or 12):g} months"
    unknown, trained = unpriced(run, row), training.at(run, row)
    words = {
        "cost.infrastructure": (
            _item(place, int(run.stacks.units[row])) + _unknown(place, float(run.stacks.infra_usd[row])),
            place.source,
            place.as_of,
            0.0,
        ),
        "cost.purchase": (
            f"bought devices, written off {over}"
            + (": a price that follows from rent, ask for quotes" if place.guessed else ""),
            place.source,
            place.as_of,
            float(run.stacks.once_usd[row]),
        ),
        "cost.switching": (
            f"leaving the stack in place, {over}",
            "incumbent.switching_cost_usd",
            None,
            float(switching.usd(run)[row]),
        ),
        "cost.training": _training(run, row, trained, over),
        "cost.people": (
            "people: build, adapt, run, mitigations",
            "rules/parameters.yaml",
            None,
            float(scored.people_once_usd[row]),
        ),
        "cost.mitigations": (f"mitigations, running{_without(unknown)}", "privacy pack", None, 0.0),
    }
    shown = (
        *ALWAYS,
        *(["cost.mitigations"] if unknown else []),
        *(["cost.training"] if trained.missing else []),
    )
    found = []
    for formula, part in scored.parts.items():
        usd, spread = float(part.usd[row]), float(part.spread[row])
        item, source, as_of, once = words[formula]
        if usd or formula in shown:
            known = None if math.isnan(usd) else Estimate.around(usd, spread, "USD/month", formula)
            found.append(CostLine(item, known, source, as_of, once))
    return tuple(found)


def not_counted(run: Run, row: int) -> str:
    """What a total leaves out because nobody knows it, so that it is no more than a lower bound; empty
    where all is counted."""
    unknown = unpriced(run, row)
    found = [f"running cost of {', '.join(unknown)}" if unknown else "", training.at(run, row).missing]
    return ", ".join(x for x in found if x)


def lower_bounds(run: Run, row: int) -> dict[str, str]:
    """By the limit on it, what a sum of money leaves out because nobody knows it; empty where nothing."""
    return {
        "budget.per_month_usd": not_counted(run, row),
        "budget.upfront_usd": training.at(run, row).once_missing,
    }


def beside(run: Run, row: int) -> str:
    """What `budget.upfront_usd` does not hold for."""
    first = float(run.training.once_usd[row])
    small = f" and a training run of {first:.3g} USD" if first and spending.petty(run, first) else ""
    return f"beside people{small}"


def upfront(run: Run, scored: Scored, row: int) -> Estimate:
    """USD paid at the start, beside people."""
    usd, spread = float(scored.once.usd[row]), float(scored.once.spread[row])
    missing = lower_bounds(run, row)["budget.upfront_usd"]
    return Estimate.around(usd, spread, "USD", "cost.upfront", {NOT_COUNTED: missing} if missing else {})


def _training(run: Run, row: int, found: training.Money, over: str) -> tuple[str, str, str | None, float]:
    """Words, source and day of the line on training, and what of it is paid at the start."""
    plan = chosen.of(run, row).plan
    parts = [f"the first run, {over}" if found.once_usd else "", "runs anew" if found.again_usd else ""]
    counted = " and ".join(x for x in parts if x)
    where = f" on {plan.n_devices}x {plan.hardware}" if plan else ""
    lacks = f" (not counted: {found.missing})" if found.missing else ""
    offer = run.cat.offers.get(plan.offer or "") if plan else None
    item = f"training{where}{f': {counted}' if counted else ''}{lacks}"
    return item, offer.source if offer else "requirements", offer.as_of if offer else None, found.once_usd


def dated(stacks: Iterable[RankedStack]) -> Iterator[fresh.Dated]:
    """Kind, source and day of the prices in the tables of some stacks."""
    for s in stacks:
        kind = fresh.API if s.slots.hosting in HOSTED else fresh.OFFER
        yield from ((kind, c.source, c.as_of) for c in s.costs if c.as_of)


def unpriced(run: Run, row: int) -> list[str]:
    """Mitigations that are new to a stack and whose running cost nobody knows."""
    new = run.risks.assessments[int(run.risks.profile[row])].new
    return [m for m in new if run.cat.mitigations[m].usd_per_month is None]


def _without(unknown: list[str]) -> str:
    return f" (running cost of {', '.join(unknown)} not known)" if unknown else ""


def _unknown(place: Place, usd: float) -> str:
    """Why the amount of a line is not known; nothing where it is."""
    if math.isnan(usd) and place.hosting == "managed_dedicated":
        return ": its price is on request, so the total is not known"
    if not math.isnan(usd) or place.hosting in HOSTED:
        return ""
    return ": their power is not in the catalogue, so the total is not known"


def _item(place: Place, units: int) -> str:
    if place.hosting in HOSTED:
        return HOSTED[place.hosting]
    if place.usd_per_hour is None and place.usd_per_month is None:
        return (
            "electricity of owned devices" if place.purchase_usd is None else "electricity of bought devices"
        )
    return f"rent of {units}x {place.id}"
