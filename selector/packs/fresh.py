"""Which prices are beyond their time to live, by kind of price (`price.ttl_days.*`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from selector.types import facts
from selector.types.fresh import StalePrice

API, OFFER = "api", "offer"
TTL = "price.ttl_days."
Dated = tuple[str, str, str | None]  # kind, source, day


def stale(prices: Iterable[Dated], p: Mapping[str, float], today: date) -> tuple[StalePrice, ...]:
    """The oldest price of each source and kind that is too old on a day; one without a date has no age."""
    found: dict[tuple[str, str], StalePrice] = {}
    for kind, source, as_of in prices:
        age, allowed = facts.age_days(as_of, today), p[f"{TTL}{kind}"]
        if as_of is None or age is None or age <= allowed:
            continue
        seen = found.get((kind, source))
        if seen is None or age > seen.days:
            found[(kind, source)] = StalePrice(kind, source, as_of, age, allowed)
    return tuple(found[k] for k in sorted(found))
