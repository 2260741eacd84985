"""Prices of hosted models from LiteLLM's model_prices_and_context_window.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from selector.errors import InputError, Problem
from selector.iterate.feeds import place
from selector.types.refresh import Feed, Row

ID = "litellm"
MILLION = 1e6  # tokens that our prices are for; theirs are for one
MOST = 1e6  # USD a token, beyond which it is no price
DIGITS = 9  # decimals of a price, beyond which the product is noise
KEYS = {
    "input_cost_per_token": "input_usd_per_mtok",
    "output_cost_per_token": "output_usd_per_mtok",
    "cache_read_input_token_cost": "cache_read_usd_per_mtok",
    "cache_creation_input_token_cost": "cache_write_usd_per_mtok",
}
ABOVE = re.compile(r"_above_(?P<thousands>[0-9]{1,9})k_tokens\Z")
BATCH = "_batches"


def read(where: str | None, url: str, said: date | None) -> Feed:
    """All models of the file that is published at `url`, or of a copy."""
    at = where or url
    fetched = place.read(ID, at)
    data = place.as_json(ID, at, fetched)
    if not isinstance(data, Mapping) or not any(
        isinstance(v, Mapping) and set(KEYS) & set(v) for v in data.values()
    ):
        what = f"{ID}: {place.shown(at)} holds no prices per token by model"
        raise InputError(Problem(what, None, "name model_prices_and_context_window.json"))
    rows = tuple(_row(k, v) for k, v in data.items() if isinstance(v, Mapping) and k != "sample_spec")
    as_of = place.dated(ID, at, fetched, said)
    title = "LiteLLM model_prices_and_context_window.json (MIT)"
    return Feed(ID, title, place.shown(at) if place.is_web(at) else url, as_of, rows)


def _row(name: str, entry: Mapping[str, Any]) -> Row:
    if entry.get("tiered_pricing"):
        return Row(name, why_not="its tiers are stated in a form that is not read")
    base = _prices(entry, "")
    if not base:
        return Row(name, why_not="it has no price per token")
    edges = sorted({int(m["thousands"]) for k in entry if (m := ABOVE.search(k)) and _base(k, m) in KEYS})
    tiers = [
        base | _prices(entry, f"_above_{edge}k_tokens") | {"above_input_tokens": edge * 1000}
        for edge in edges
    ]
    return Row(name, (base, *tiers), _prices(entry, BATCH) or None)


def _base(key: str, match: re.Match[str]) -> str:
    return key[: match.start()]


def _prices(entry: Mapping[str, Any], suffix: str) -> dict[str, float]:
    found = {}
    for theirs, ours in KEYS.items():
        value = entry.get(f"{theirs}{suffix}")
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST:
            found[ours] = round(value * MILLION, DIGITS)
    return found
