"""Price of one request to a hosted model, from dated tiers."""

from __future__ import annotations

import math
from datetime import date

from selector.estimate import cost
from selector.types.catalog import Api, Price
from selector.types.load import Load

DAY_HOURS = 24.0


def in_force(prices: tuple[Price, ...], day: date, input_tokens: float) -> list[tuple[float, Price]]:
    """Prices that apply on a day to prompts of a length, each with its share of the day.

    Later rows win over earlier ones with the same window; the highest input tier that the
    prompt reaches wins.
    """
    dated = [q for q in prices if q.from_date is None or q.from_date <= day.isoformat()]
    reached = [q for q in dated if (q.above_input_tokens or 0) < input_tokens or not q.above_input_tokens]
    best: dict[str | None, Price] = {}
    for price in reached:
        seen = best.get(price.daily_utc)
        if seen is None or _order(price) >= _order(seen):
            best[price.daily_utc] = price
    windows = {w: _hours(w) for w in best if w}
    rest = DAY_HOURS - math.fsum(windows.values())
    shares = [(windows[w] / DAY_HOURS, q) for w, q in best.items() if w]
    if None in best:
        shares.append((rest / DAY_HOURS, best[None]))
    return shares


def _order(price: Price) -> tuple[int, str]:
    return (price.above_input_tokens or 0, price.from_date or "")


def _hours(window: str) -> float:
    start, end = (part.split(":") for part in window.split("-"))
    span = (int(end[0]) + int(end[1]) / 60.0) - (int(start[0]) + int(start[1]) / 60.0)
    return span % DAY_HOURS


def request_usd(api: Api, load: Load, batch: bool, days: list[date]) -> float | None:
    """USD of one request, averaged over the months of the horizon and the hours of the day."""
    if batch:
        prices: tuple[Price, ...] = (api.batch,) if api.batch else ()
    else:
        prices = api.prices
    found = []
    for day in days:
        parts = in_force(prices, day, load.input_tokens)
        values = [(share, _one(price, load)) for share, price in parts]
        if not values or any(v is None for _, v in values):
            return None
        # Plain sums: traced prices keep what they are made of.
        found.append(sum(share * (v or 0.0) for share, v in values))
    return sum(found) / len(found)


def _one(price: Price, load: Load) -> float | None:
    if price.usd_per_audio_hour is not None:
        return price.usd_per_audio_hour * load.input_tokens / 3600.0
    if price.usd_per_mchar is not None:
        return price.usd_per_mchar * load.input_tokens / 1e6
    if price.usd_per_image is not None:
        return price.usd_per_image
    if price.input_usd_per_mtok is None:
        return None
    needs_output = load.output_tokens > 0 and price.output_usd_per_mtok is None
    output = 0.0 if needs_output else load.output_tokens
    return cost.api_tokens(
        load.input_tokens,
        output,
        load.cached_prefix_fraction,
        price.input_usd_per_mtok,
        price.output_usd_per_mtok or 0.0,
        price.cache_read_usd_per_mtok,
    )
