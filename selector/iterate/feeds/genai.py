"""Prices of hosted models from the data of the installed genai-prices package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib import import_module, metadata
from typing import Any

from selector.errors import InputError, Problem
from selector.types.refresh import Feed, Row

ID = "genai-prices"
KEYS = {
    "input_mtok": "input_usd_per_mtok",
    "output_mtok": "output_usd_per_mtok",
    "cache_read_mtok": "cache_read_usd_per_mtok",
    "cache_write_mtok": "cache_write_usd_per_mtok",
}
INSTALL = "pip install genai-prices"


def installed() -> bool:
    """True where the package is there."""
    from importlib.util import find_spec

    return find_spec("genai_prices") is not None


def read(url: str, today: date, said: date | None = None) -> Feed:
    """All models that have a price per token; `said` is the day that the user says the data are of, `url`
    where the package is published."""
    try:
        providers = import_module("genai_prices.data").providers
    except ImportError as error:
        what = f"{ID} could not be reached: the package is not installed ({error})"
        raise InputError(Problem(what, None, INSTALL)) from None
    version = metadata.version(ID)
    rows = tuple(_row(p.id, m, today) for p in providers for m in p.models)
    # The package does not say of when it is: at least of the newest day on which a price began.
    days = [d for p in providers for m in p.models for d in _starts(m) if d <= today]
    as_of = (said or max(days, default=today)).isoformat()
    return Feed(ID, f"genai-prices {version} (MIT), data of the package", f"{url}{version}/", as_of, rows)


def _row(provider: str, model: Any, today: date) -> Row:
    name = f"{provider}/{model.id}"
    conditional = model.prices if isinstance(model.prices, list) else None
    if conditional is None:
        return Row(name, tuple(_tiers(model.prices, None)), _batch(model, today))
    if any(hasattr(c.constraint, "start_time") for c in conditional):
        return Row(name, why_not="its price depends on the time of day")
    # The last that has begun is in force; those after it are to come.
    begun = [c for c in conditional if (_start(c) or today) <= today][-1:]
    coming = [c for c in conditional if (_start(c) or today) > today]
    found = [row for c in (*begun, *coming) for row in _tiers(c.prices, _start(c))]
    return Row(name, tuple(found), _batch(model, today))


def _start(conditional: Any) -> date | None:
    found: date | None = getattr(conditional.constraint, "start_date", None)
    return found


def _starts(model: Any) -> list[date]:
    rows: Sequence[Any] = model.prices if isinstance(model.prices, list) else []
    return [d for c in rows if (d := _start(c)) is not None]


def _batch(model: Any, today: date) -> Mapping[str, Any] | None:
    """Price of answers within a day, where it is one and has begun."""
    found = None
    for variant in model.price_variants or ():
        if variant.when == {"processing": "batch"} and (_start(variant) or today) <= today:
            found = next(_tiers(variant.prices, None), None)
    return found


def _tiers(prices: Any, start: date | None) -> Iterator[dict[str, Any]]:
    """A row for the base price and one for each length of input from which others hold."""
    named = {ours: value for theirs, ours in KEYS.items() if (value := getattr(prices, theirs)) is not None}
    if not named:
        return
    head = {} if start is None else {"from_date": start.isoformat()}
    yield head | {k: float(getattr(v, "base", v)) for k, v in named.items()}
    edges = sorted({t.start for v in named.values() for t in getattr(v, "tiers", ())})
    for edge in edges:
        yield head | {k: _at(v, edge) for k, v in named.items()} | {"above_input_tokens": int(edge)}


def _at(value: Any, edge: int) -> float:
    tiers = [t.price for t in getattr(value, "tiers", ()) if t.start <= edge]
    return float(tiers[-1] if tiers else getattr(value, "base", value))
