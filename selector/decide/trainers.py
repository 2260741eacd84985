"""Libraries that train the model of a stack on its devices."""

from __future__ import annotations

from collections.abc import Iterable

from selector.decide.options import ENDED
from selector.types.catalog import Device, Framework

ANY = {"sft": ("lora", "qlora", "full")}


def frameworks(
    known: Iterable[Framework], adaptation: str, role: str, device: Device, engine: str
) -> tuple[str, ...]:
    """Ids of maintained libraries, in the order of the packs; nothing where nothing is trained.

    A classical library trains only what it serves itself.
    """
    methods = {m for part in adaptation.split("+") for m in ANY.get(part, (part,))}
    words = {device.kind, device.vendor.lower(), device.arch or "", device.family}
    found = []
    for one in known:
        if one.status in ENDED or (one.kind == "classical" and one.id != engine):
            continue
        if any(
            role in t.roles and not methods.isdisjoint(t.methods) and not words.isdisjoint(t.devices)
            for t in one.trains
        ):
            found.append(one.id)
    return tuple(found)
