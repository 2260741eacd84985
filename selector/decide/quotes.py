"""Prices that the user has in hand, as places that compete with those of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from selector.decide.axes import HOSTED, Axes, ModelOption, Place
from selector.decide.options import hosting as hosting_of
from selector.needs.facts import own_region, place_facts
from selector.needs.options import Options, Quoted
from selector.types import facts
from selector.types.requirement import Requirement

OWN = ("self_hosted_cloud", "on_prem")


def add(axes: Axes, req: Requirement, wanted: Options) -> None:
    """Places of the quotes; a price for every hosted model takes the place of the list prices."""
    allowed = hosting_of(req, wanted)
    for number, quoted in enumerate(wanted.quotes):
        if unused(quoted) is not None:
            continue
        if quoted.devices is not None:
            axes.places += _hardware(axes, req, quoted, number, allowed)
        elif quoted.models is not None:
            axes.places += _model(axes, quoted, number, allowed)
        else:
            quote = quoted.quote
            axes.places = [
                replace(
                    q,
                    usd_per_mtok=quote.usd_per_mtok,
                    usd_per_month=quote.usd_per_month,
                    facts={**q.facts, **facts.of_quote(quote.as_of, axes.days[0])},
                    source=source(number),
                    as_of=quote.as_of,
                )
                if q.hosting == quote.hosting
                else q
                for q in axes.places
            ]


def unused(quoted: Quoted) -> str | None:
    """Why a quote cannot be compared with anything; None where it can."""
    quote = quoted.quote
    if quote.relative_price is not None:
        return "a relative price is no amount of money: state usd_per_hour, usd_per_month or usd_once"
    if quoted.devices is not None:
        if quote.hosting in HOSTED or quote.usd_per_mtok is not None:
            return "hardware is paid by usd_per_hour, usd_per_month or usd_once"
        return None if kind(quoted) in OWN else f"no stack runs as {quote.hosting}"
    if quoted.models is not None:
        if quote.hosting not in (None, *HOSTED) or not quoted.models.apis:
            return "the catalogue has no hosted model of this name: state the hardware instead"
    elif quote.hosting not in HOSTED:
        return "without hardware it does not say which stack it buys: state the hardware"
    if quote.usd_per_mtok is None and quote.usd_per_month is None:
        return "hosted models are paid by usd_per_mtok or usd_per_month"
    return None


def kind(quoted: Quoted) -> str:
    """Hosting that a price of hardware stands for: bought hardware is one's own, the rest rented."""
    if quoted.quote.hosting in (None, "self_hosted"):
        return "on_prem" if quoted.quote.usd_once is not None else "self_hosted_cloud"
    return str(quoted.quote.hosting)


def source(number: int) -> str:
    """Where the price stands, for tables."""
    return f"quotes.{number} of the requirements"


def _hardware(
    axes: Axes, req: Requirement, quoted: Quoted, number: int, allowed: set[str]
) -> Iterator[Place]:
    hosting, quote = kind(quoted), quoted.quote
    if hosting not in allowed or quoted.devices is None:
        return
    region = own_region(req)
    for device in axes.devices:
        if device.id in quoted.devices.devices:
            yield Place(
                id=f"quote:{number}:{device.id}",
                hosting=hosting,
                region=region,
                offer=None,
                device=device.id,
                count=quoted.devices.count or 1,
                available=None,
                usd_per_hour=quote.usd_per_hour,
                facts=place_facts(hosting, region, req)
                | facts.of_own()
                | facts.of_quote(quote.as_of, axes.days[0]),
                usd_per_month=quote.usd_per_month,
                purchase_usd=quote.usd_once,
                source=source(number),
                as_of=quote.as_of,
            )


def _model(axes: Axes, quoted: Quoted, number: int, allowed: set[str]) -> list[Place]:
    """The list-price places of the model once more, at the price in hand."""
    assert quoted.models is not None
    hosting = quoted.quote.hosting or "api"
    named: list[ModelOption] = [m for m in axes.models if m.id in quoted.models.apis]
    starts = tuple(f"api:{m.id}@{hosting}." for m in named)
    if hosting not in allowed or not starts:
        return []
    return [
        replace(
            q,
            id=f"{q.id}.quote:{number}",
            usd_per_mtok=quoted.quote.usd_per_mtok,
            usd_per_month=quoted.quote.usd_per_month,
            facts={**q.facts, **facts.of_quote(quoted.quote.as_of, axes.days[0])},
            source=source(number),
            as_of=quoted.quote.as_of,
        )
        for q in axes.places
        if q.id.startswith(starts)
    ]
