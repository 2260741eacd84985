"""Say on stderr which of the prices printed are beyond their time to live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue
    from selector.packs.fresh import Dated


def warn(cat: Catalogue, prices: Iterable[Dated], today: date) -> None:
    """One line for all of them; none where they are fresh."""
    from selector.packs import fresh
    from selector.report.fresh import words

    p = {k: x.value for k, x in cat.parameters.items() if k.startswith(fresh.TTL)}
    if said := words(fresh.stale(prices, p, today)):
        typer.echo(said, err=True)


def of_rent(cat: Catalogue, sources: Iterable[str | None]) -> Iterable[Dated]:
    """Prices of rent by what an estimate says of them: the offer, and in brackets more of it."""
    from selector.packs import fresh

    for text in sources:
        offer = cat.offers.get((text or "").partition(" (")[0])
        if offer is not None:
            yield fresh.OFFER, offer.source, offer.as_of


def repeat(found: Mapping[str, Any]) -> None:
    """What the JSON of a recommendation says of its prices, on the day that it was made for."""
    from selector.report.fresh import words
    from selector.types.fresh import StalePrice

    parts = [found, *found.get("components", ())]
    rows = {StalePrice(**x): None for part in parts for x in part.get("stale_prices", ())}
    if said := words(tuple(rows)):
        typer.echo(said, err=True)
