"""A parameter as a base and the factors of what it is applied to."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping


def product(p: Mapping[str, float], base: str, keys: Iterable[str]) -> float:
    """The base times the factor `base.key` of each key; a key without a factor changes nothing.

    So a known engine on a device nobody measured it on gets the engine's factor and the device's.
    """
    value = p[base]
    for key in keys:
        value *= factor(p, base, key)
    return value


def factor(p: Mapping[str, float], base: str, key: str) -> float:
    """The factor of one key on a base; 1 where the registry has none."""
    return p.get(f"{base}.{key}", 1.0)


def achieved(
    p: Mapping[str, float],
    quantities: Mapping[str, tuple[str, float]],
    fractions: Container[str],
    keys: tuple[str, ...],
) -> dict[str, float]:
    """Each quantity (column -> base and scale to its unit) for what has these keys; fractions of a
    peak never above 1."""
    found = {}
    for column, (base, scale) in quantities.items():
        value = product(p, base, keys) * scale
        found[column] = min(value, 1.0) if column in fractions else value
    return found
