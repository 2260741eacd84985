"""Prices of places on numbers that remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.decide.explain.leaves import Leaves
from selector.estimate.trace import named
from selector.packs.catalog import Catalogue

if TYPE_CHECKING:
    from selector.decide.axes import Place


def quote(leaves: Leaves, place: Place, field: str, usd: float, unit: str) -> Any:
    """A price that the requirements state."""
    return leaves.requirement(f"{place.source}: {field}", usd, unit)


def hour(cat: Catalogue, leaves: Leaves, place: Place) -> Any:
    """USD an hour of one unit: the offer's own money times the rate of its day."""
    assert place.usd_per_hour is not None
    offer = place.offer
    if offer is None:
        return quote(leaves, place, "usd_per_hour", place.usd_per_hour, "USD/hour")
    field = "spot_per_hour" if place.spot else "on_demand_per_hour"
    unit = f"{offer.currency}/hour of {offer.count}"
    amount = getattr(offer, field)
    listed = leaves.fact("offers", offer.id, field, amount, (offer.source,), offer.as_of, unit)
    if offer.currency == "USD":
        return listed
    rate = cat.exchange_rates[offer.currency]
    usd = leaves.fact(
        "exchange_rates",
        offer.currency,
        f"usd_per_{offer.currency.lower()}",
        rate.usd_per_unit,
        (rate.source,),
        rate.as_of,
        "USD",
    )
    return named(listed * usd, "cost.hour", "USD/hour", "list price in USD")
