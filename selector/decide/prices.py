"""Months of a horizon, and the cheapest rent of a device."""

from __future__ import annotations

import math
from datetime import date

from selector.packs.catalog import Catalogue
from selector.types import facts
from selector.types.catalog import Device, Offer


def months(first: date, count: int) -> list[date]:
    """First days of the months of a horizon, from the month of `first`."""
    start = first.year * 12 + first.month - 1
    return [first] + [date((start + i) // 12, (start + i) % 12 + 1, 1) for i in range(1, max(count, 1))]


def rent(cat: Catalogue, device: Device, count: int) -> tuple[float | None, str | None]:
    """Cheapest on-demand price among the fresh ones, USD an hour, whole units; says whose and of when.

    Fresh is counted back from the newest price of the device, so that equal runs print the same.
    """
    rates = {r.currency: r.usd_per_unit for r in cat.exchange_rates.values()} | {"USD": 1.0}

    def usd(offer: Offer) -> float:
        return (offer.on_demand_per_hour or math.inf) * rates[offer.currency] * math.ceil(count / offer.count)

    rows = [
        o
        for o in cat.offers.values()
        if o.device == device.id and o.as_of and o.on_demand_per_hour and o.currency in rates
    ]
    if not rows:
        return None, None
    newest = date.fromisoformat(max(o.as_of or "" for o in rows))
    ttl = cat.parameters["price.fresh_days"].value
    fresh = [o for o in rows if (facts.age_days(o.as_of, newest) or 0.0) <= ttl]
    best = min(fresh, key=lambda o: (usd(o), o.id))
    return usd(best), f"{best.id} ({best.tier}, {best.source}, {best.as_of})"
