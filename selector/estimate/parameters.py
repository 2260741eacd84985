"""A parameter as a base and the factors of what it is applied to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def product(p: Mapping[str, float], base: str, keys: Iterable[str]) -> float:
    """The base times the factor `base.key` of each key; a key without a factor changes nothing.

    So a known engine on a device nobody measured it on gets the engine's factor and the device's.
    """
    value = p[base]
    for key in keys:
        value *= p.get(f"{base}.{key}", 1.0)
    return value
