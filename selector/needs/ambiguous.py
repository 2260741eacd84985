"""Names of devices that stand for several of the catalogue; which one is meant is assumed open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from selector.types.requirement import Assumption

if TYPE_CHECKING:
    from selector.needs.names import DeviceQuery
    from selector.needs.options import Options
    from selector.packs.catalog import Catalogue

RULE = "hardware.which"
NAMED = 4  # devices named in a line


def assumed(wanted: Options, catalogue: Catalogue) -> tuple[Assumption, ...]:
    """One line for each name in the inventory, the quotes and the pins that leaves open which device it
    is. A pin of a whole kind ("gpu") means all of them and leaves nothing open."""
    return tuple(
        Assumption(key, _named(query.devices), RULE, _why(query, catalogue), "hardware pack")
        for key, query in _queries(wanted, catalogue)
        if len(query.devices) > 1
    )


def _queries(wanted: Options, catalogue: Catalogue) -> Iterator[tuple[str, DeviceQuery]]:
    for part, items in (("deployment", wanted.inventory), ("adaptation", wanted.trainers)):
        for i, owned in enumerate(items):
            yield f"{part}.inventory.{i}.hardware", owned.query
    for i, quoted in enumerate(wanted.quotes):
        if quoted.devices is not None:
            yield f"quotes.{i}.hardware", quoted.devices
    for i, query in enumerate(wanted.devices):
        if len({catalogue.devices[d].family for d in query.devices}) == 1:
            yield f"pins.hardware.{i}", query


def _named(devices: tuple[str, ...]) -> str:
    if len(devices) <= NAMED:
        return " or ".join(devices)
    return f"any of {len(devices)} devices, such as {devices[0]}"


def _why(query: DeviceQuery, catalogue: Catalogue) -> str:
    """What the devices differ in, so that the right one can be named."""
    devices = [catalogue.devices[d] for d in query.devices]
    parts: dict[str, set[object]] = {
        "form": {d.form for d in devices},
        "memory": {d.memory_gb for d in devices},
        "family": {d.family for d in devices},
    }
    differ = " and ".join(part for part, values in parts.items() if len(values) > 1) or "model"
    return f"{query.text} leaves the {differ} open and is tried as each: name the one that is meant"
