"""What a month costs, where the files say enough, against the ceiling of the policy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from selector.check.judge import Case
from selector.check.plan import HOSTED, Plan
from selector.estimate.cost import HOURS_PER_MONTH
from selector.estimate.requests import request_usd
from selector.needs.defaults import Resolved
from selector.packs import fresh
from selector.packs.catalog import Catalogue
from selector.types.catalog import Api, Offer
from selector.types.load import Load

FACT = "cost.share_of_ceiling"


@dataclass(frozen=True, slots=True)
class Month:
    """USD a month of one stack, None where it cannot be known; `least` is what it takes at the very least."""

    usd: float | None
    text: str  # what was priced, or why it was not
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Load of the requirement, where somebody states it."""

    load: Load
    requests: float
    assumed: tuple[str, ...]


def tell(cases: Sequence[Case], ceiling: float, stated: Resolved | None, cat: Catalogue, day: date) -> None:
    """Hold what all stacks take together to the ceiling: machines of each, the load of hosted models once."""
    asked = _asked(stated)
    priced = [(c, month(c, asked, cat, day)) for c in _apart(cases)]
    hosted = [m.usd or 0.0 for c, m in priced if c.subject.plan.hosting in HOSTED]
    rented = math.fsum(m.usd or m.least for c, m in priced if c.subject.plan.hosting not in HOSTED)
    total = rented + max(hosted, default=0.0)
    over, named = total > ceiling, set[str]()
    first = max(priced, key=lambda p: p[1].usd or p[1].least, default=None)
    for pair in priced:
        case, found = pair
        at = case.subject.plan.where("offer", "hardware", "model")
        if over and pair is first:
            rest = f", {len(priced)} stacks together {total:,.0f}" if len(priced) > 1 else ""
            case.told.say(FACT, total / ceiling, f"{found.text}{rest}; the ceiling is {ceiling:,.0f}", at)
        elif found.usd is not None or over:
            case.told.facts[FACT] = min(total / ceiling, 1.0)
        elif found.text not in named or case.subject.plan.hosting not in HOSTED:
            named.add(found.text)
            case.told.details[FACT], case.told.places[FACT] = found.text, at
        case.told.abouts[FACT] = "the ceiling of cost"


def _apart(cases: Iterable[Case]) -> list[Case]:
    """Stacks that cost something, those that files run and the declaration names too counted once."""
    found: list[Case] = []
    for case in cases:
        subject, plan = case.subject, case.subject.plan
        same = any(c.unit is None and c.subject.model_name == subject.model_name for c in found)
        serves = subject.model_name is not None or plan.offer is not None
        if case.unit is None or (serves and not same):
            found.append(case)
    return found


def month(case: Case, asked: Asked | None, cat: Catalogue, day: date) -> Month:
    """One stack: its offer for all hours, its hosted model for the load, or why not."""
    plan = case.subject.plan
    if plan.offer is not None:
        return _rented(plan, plan.offer, cat, day)
    if plan.hosting in HOSTED or plan.api is not None:
        return _hosted(plan.api, plan.hosting == "api_batch", asked, cat, day)
    if plan.hosting == "on_prem":
        return Month(None, "machines that are owned have no price here; name an offer to compare with")
    return _cheapest(plan, cat, day)


def _usd(offer: Offer, cat: Catalogue) -> float | None:
    """USD an hour on demand."""
    rate = 1.0 if offer.currency == "USD" else cat.usd_per_unit.get(offer.currency)
    return offer.on_demand_per_hour * rate if offer.on_demand_per_hour and rate else None


def _machines(plan: Plan, offer: Offer) -> int:
    replicas = plan.layout.get("replicas") or plan.replicas or 1
    return max(-(-(plan.group or offer.count) // offer.count), 1) * replicas


def _of(kind: str, as_of: str | None, cat: Catalogue, day: date) -> str:
    """The day of a price, and whether it is past its time to live."""
    p = {k: x.value for k, x in cat.parameters.items() if k.startswith(fresh.TTL)}
    old = fresh.stale([(kind, "", as_of)], p, day)
    said = " (past its time to live, see selector pack refresh)" if old else ""
    return f"price of {as_of or 'unknown date'}{said}"


def _rented(plan: Plan, offer: Offer, cat: Catalogue, day: date) -> Month:
    hour, machines = _usd(offer, cat), _machines(plan, offer)
    if hour is None:
        return Month(None, f"{offer.id} has no price on demand in USD; name another offer")
    usd = machines * hour * HOURS_PER_MONTH
    text = f"{machines} x {offer.instance or offer.id} is {usd:,.0f} USD a month"
    return Month(usd, f"{text}, {_of(fresh.OFFER, offer.as_of, cat, day)}")


def _cheapest(plan: Plan, cat: Catalogue, day: date) -> Month:
    """Machines of no offer cost at least what the cheapest offer of such devices does."""
    if not plan.devices or plan.group is None:
        return Month(
            None, "no offer, and no devices with their number; state offer, or hardware and n_devices"
        )
    ids = {d.id for d in plan.devices}
    rows = [
        (hour * _machines(plan, o) * HOURS_PER_MONTH, o.id, o.as_of)
        for o in cat.offers.values()
        if o.device in ids and o.as_of and (hour := _usd(o, cat)) is not None
    ]
    if not rows:
        return Month(None, f"no offer of {plan.devices[0].id} has a price; state offer")
    least, name, as_of = min(rows)
    found = f"{least:,.0f} USD a month ({name}), {_of(fresh.OFFER, as_of, cat, day)}"
    return Month(None, f"no offer is named; the cheapest is {found}; state offer", least)


def _hosted(api: Api | None, batch: bool, asked: Asked | None, cat: Catalogue, day: date) -> Month:
    if api is None:
        return Month(None, "the catalogue has no price for this hosted model")
    if asked is None:
        return Month(None, "no load is stated; state workload.requests_per_month in reqs.yaml")
    each = request_usd(api, asked.load, batch, [day])
    if each is None:
        return Month(None, f"{api.id} has no price for a request of this load")
    usd = each * asked.requests
    taken = f", {', '.join(asked.assumed)} assumed" if asked.assumed else ""
    text = f"{asked.requests:,.0f} requests to {api.id} are {usd:,.0f} USD a month{taken}"
    return Month(usd, f"{text}, {_of(fresh.API, api.as_of, cat, day)}")


def _asked(stated: Resolved | None) -> Asked | None:
    """The load, where its requests are stated; sizes of them may be assumed, and are named then."""
    if stated is None or not stated.is_stated("workload.requests_per_month"):
        return None
    work = stated.requirement.workload
    inputs, outputs = (size.average if size else 0.0 for size in (work.input_tokens, work.output_tokens))
    requests = work.requests_per_month
    if requests is None or not inputs:
        return None
    load = Load(
        inputs, inputs, outputs, inputs + outputs, cached_prefix_fraction=work.cached_prefix_fraction or 0.0
    )
    sizes = ("workload.input_tokens", "workload.output_tokens")
    return Asked(load, requests, tuple(key for key in sizes if not stated.is_stated(key)))
