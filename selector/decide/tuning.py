"""What a replica achieves: parameters as a base times factors of what it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from selector.decide.cells import Shape
from selector.estimate.parameters import achieved, factor
from selector.types.catalog import Device, Precision

# Column of a cell -> parameter and the scale to seconds, fractions or counts.
QUANTITIES = {
    "bandwidth_fraction": ("serving.bandwidth_fraction", 1.0),
    "cache_fraction": ("serving.cache_fraction", 1.0),
    "compute_fraction": ("serving.compute_fraction", 1.0),
    "prefill_fraction": ("serving.prefill_fraction", 1.0),
    "rows_half": ("serving.rows_half", 1.0),
    "link_fraction": ("serving.link_fraction", 1.0),
    "layer_seconds": ("serving.layer_us", 1e-6),
    "reduce_seconds": ("serving.reduce_us", 1e-6),
    "step_seconds": ("serving.step_us", 1e-6),
    "sequence_seconds": ("serving.sequence_us", 1e-6),
    "prefill_layer_seconds": ("serving.prefill_layer_us", 1e-6),
    "steady_fraction": ("serving.steady_fraction", 1.0),
    "chunk_tokens": ("serving.chunk_tokens", 1.0),
    "most_sequences": ("serving.most_sequences", 1.0),
    "burst": ("serving.burst", 1.0),
    "power_fraction": ("serving.power_fraction", 1.0),
    "floor_seconds": ("serving.first_token_floor_ms", 1e-3),
}
PREDICTED = ("step", "rate", "first_token", "first_token_loaded", "prefill")
FRACTIONS = frozenset(q for q in QUANTITIES if q.endswith("_fraction"))
# Attention whose layers cost other than the usual grouped queries.
UNUSUAL = frozenset({"mla", "sparse", "hybrid_linear", "compressed", "state_space"})


def link(device: Device, devices: int) -> str:
    """How the devices of a replica talk: single, pcie or fast."""
    if devices == 1:
        return "single"
    kind = device.interconnect.type.lower() if device.interconnect else "pcie"
    return "pcie" if "pcie" in kind else "fast"


def narrow_weights(precision: Precision) -> str | None:
    """Kind of weights as kernels tell them apart: fp8, int8, fp4, int4; None for 16 bit."""
    if precision.bits_weights > 10.0:
        return None
    kind = "int" if "int" in precision.base else "fp"
    return f"{kind}{8 if precision.bits_weights > 6.0 else 4}"


def keys(
    device: Device,
    engine: str,
    shp: Shape,
    devices: int,
    precision: Precision,
    also: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Names of the factors of a replica; which of them change a parameter, the registry says.

    `also` names what only a measured point can tell, such as the age of its engine.
    """
    found = [f"engine.{engine}", f"arch.{device.arch or device.id}", f"link.{link(device, devices)}"]
    if shp.experts > 1:  # engines differ more in how they route than in dense layers
        found += ["moe", f"moe_engine.{engine}"]
    if bits := narrow_weights(precision):  # 16-bit weights are what the others are compared with
        found.append(f"weights.{bits}")
        found += [f"expert_weights.{bits}"] if shp.experts > 1 else []
    if not shp.known:
        found.append("dimensions_unknown")
    if shp.attention in UNUSUAL:
        found.append(f"attention.{shp.attention}")
    # Game cards run matrix products with 32-bit sums at half rate, which engines avoid.
    if device.name.startswith("GeForce"):
        found.append("geforce")
    return (*found, *also)


def told_by(device: Device) -> Hashable:
    """What `keys` tells a device by, beside its id where it has no architecture."""
    fast = device.interconnect
    return device.arch or device.id, device.name.startswith("GeForce"), fast.type if fast else None


def tuned(names: tuple[str, ...], p: Mapping[str, float]) -> dict[str, float]:
    """Columns of a cell: seconds, fractions of a peak (never above 1), a factor."""
    found = achieved(p, QUANTITIES, FRACTIONS, names)
    for what in PREDICTED:
        found[f"{what}_spread"] = math.exp(width(what, names, p))
    return found


def width(what: str, names: tuple[str, ...], p: Mapping[str, float]) -> float:
    """Logarithm of p90 over p50: of left-out points of the kind, times factors of engine and
    architecture; wider where the registry has none of them, or the model's dimensions are unknown."""
    kind = "moe" if "moe" in names else "dense"
    return math.prod((_wider(p, name) for name in names), start=p[f"serving.width.{what}.{kind}"])


def tuned_many(names: Sequence[tuple[str, ...]], p: Mapping[str, float]) -> dict[str, Any]:
    """`tuned` for many replicas at once: the same factors, multiplied in the same order."""
    import numpy as np

    known = {name: i for i, name in enumerate(dict.fromkeys(n for row in names for n in row))}
    longest = max((len(row) for row in names), default=0)
    # Rows shorter than the longest are filled up with what has no factor.
    which = np.full((len(names), longest), len(known))
    for i, row in enumerate(names):
        which[i, : len(row)] = [known[n] for n in row]

    def whole(bases: Any, factor_of: Callable[[str], float]) -> Any:
        factors = np.array([*(factor_of(n) for n in known), 1.0])
        value = np.zeros(len(names)) + bases
        for place in range(longest):
            value = value * factors[which[:, place]]
        return value

    found = {}
    for column, (base, scale) in QUANTITIES.items():
        value = whole(p[base], partial(factor, p, base)) * scale
        found[column] = np.minimum(value, 1.0) if column in FRACTIONS else value
    kinds = np.array(["moe" in row for row in names], dtype=bool)
    for what in PREDICTED:
        bases = np.where(kinds, p[f"serving.width.{what}.moe"], p[f"serving.width.{what}.dense"])
        # The exponential of the standard library, as for one replica.
        widths = whole(bases, partial(_wider, p)).tolist()
        found[f"{what}_spread"] = np.array([math.exp(w) for w in widths])
    return found


def _wider(p: Mapping[str, float], name: str) -> float:
    """Factor of a name on the widths of intervals."""
    if name.startswith(("engine.", "arch.")):
        return p.get(f"serving.width.{name}", p["serving.width.unlisted"])
    return p["serving.width.unlisted"] if name == "dimensions_unknown" else 1.0


def tuning_part(
    device: Device,
    engine: str,
    shp: Shape,
    devices: int,
    precision: Precision,
    p: Mapping[str, float],
    also: tuple[str, ...] = (),
) -> dict[str, float]:
    """Columns that follow from engine, architecture, kind of model and interconnect together."""
    rate = link_rate(device, devices, p)
    return tuned(keys(device, engine, shp, devices, precision, also), p) | {"link_bytes_per_s": rate}


def link_rate(device: Device, devices: float, p: Mapping[str, float]) -> float:
    """Bytes per second one way between two devices of a replica; the network beyond the fast domain."""
    fast = device.interconnect
    if fast and fast.domain > 1 and devices > fast.domain:
        return p["serving.network_gb_per_s"] * 1e9
    both_ways = fast.gb_per_s if fast else None
    return (both_ways / 2.0 if both_ways else p["serving.link_gb_per_s_unknown"]) * 1e9
