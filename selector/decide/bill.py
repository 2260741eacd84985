"""Lines of the cost table of one stack, USD a month over the horizon."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from selector.decide import switching
from selector.types.decision import CostLine
from selector.types.estimate import Estimate

if TYPE_CHECKING:
    from selector.decide.axes import Place
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

ALWAYS = ("cost.infrastructure", "cost.people")  # shown although nothing
# item, USD a month, p90 over p50, formula, source, date, USD of it at the start
Row = tuple[str, float, float, str, str, str | None, float]
HOSTED = {
    "api": "hosted model",
    "api_batch": "hosted model, batch",
    "managed_dedicated": "hosted model, reserved capacity",
}


def lines(run: Run, scored: Scored, row: int) -> tuple[CostLine, ...]:
    """Infrastructure, purchase, people, mitigations and the move, where each costs anything."""
    s, people = run.stacks, run.p["effort.spread"]
    place = run.axes.places[int(s.place[row])]
    horizon = float(run.req.horizon_months or 12)
    unknown = _unpriced(run, row)
    found: list[Row] = [
        (
            _item(place, int(s.units[row])) + _unknown(place, float(s.infra_usd[row])),
            float(s.infra_usd[row]),
            float(s.cost_spread[row]),
            "cost.infrastructure",
            place.source,
            place.as_of,
            0.0,
        ),
        (
            f"bought devices, written off over {horizon:g} months"
            + (": a price that follows from rent, ask for quotes" if place.guessed else ""),
            float(s.once_usd[row]) / horizon,
            float(s.cost_spread[row]) if place.guessed else 1.0,
            "cost.purchase",
            place.source,
            place.as_of,
            float(s.once_usd[row]),
        ),
        (
            f"leaving the stack in place, over {horizon:g} months",
            float(switching.usd(run)[row]) / horizon,
            1.0,
            "cost.switching",
            "incumbent.switching_cost_usd",
            None,
            float(switching.usd(run)[row]),
        ),
        (
            "people: build, adapt, run, mitigations",
            float(scored.people_usd[row]),
            people,
            "cost.people",
            "rules/parameters.yaml",
            None,
            float(scored.people_once_usd[row]),
        ),
        (
            f"mitigations, running{_without(unknown)}",
            float(run.risks.usd[row]),
            people,
            "cost.mitigations",
            "privacy pack",
            None,
            0.0,
        ),
    ]
    shown = (*ALWAYS, *(["cost.mitigations"] if unknown else []))
    return tuple(_line(*x) for x in found if x[1] or x[3] in shown)


def _unpriced(run: Run, row: int) -> list[str]:
    """Mitigations that are new to a stack and whose running cost nobody knows."""
    held = {c.mitigation for c in run.req.risk.controls}
    chosen = run.risks.assessments[int(run.risks.profile[row])].mitigations
    return [m for m in chosen if m not in held and run.cat.mitigations[m].usd_per_month is None]


def _without(unknown: list[str]) -> str:
    return f" (running cost of {', '.join(unknown)} not known)" if unknown else ""


def _line(
    item: str, usd: float, spread: float, formula: str, source: str, as_of: str | None, once: float
) -> CostLine:
    known = None if math.isnan(usd) else Estimate.around(usd, spread, "USD/month", formula)
    return CostLine(item, known, source, as_of, once)


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
