"""One sized stack, as JSON of the contract and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.report.json import estimate
from selector.report.numbers import band, plain, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from selector.decide.single import Sizing
    from selector.types.estimate import Estimate

GIB = 2.0**30


def as_json(s: Sizing) -> dict[str, Any]:
    """Fields of the contract."""
    ledger = None
    if s.memory is not None:
        m = s.memory
        ledger = {
            "weights": m.weights / GIB,
            "kv_cache": m.kv_cache / GIB,
            "activations": m.activations / GIB,
            "reserve": m.reserve / GIB,
            "total": m.total / GIB,
            "usable": m.usable / GIB,
        }
    found = {
        "schema_version": 1,
        "kind": "estimate",
        "model": s.model,
        "hardware": s.hardware,
        "n_devices": s.n_devices,
        "engine": s.engine,
        "precision": s.precision,
        "layout": {"tp": s.tp, "pp": s.pp},
        "fits": s.fits,
        "limits": s.limits,
        "nearest": s.nearest,
        "memory_gib_per_device": ledger,
        **{k: estimate(_speeds(s).get(k)) for k in s.estimates},
        "usd_per_hour": s.usd_per_hour,
        "usd_per_hour_source": s.price_source,
    }
    cleaned: dict[str, Any] = plain(found)
    return cleaned


def _speeds(s: Sizing) -> Mapping[str, Estimate | None]:
    """Times and rates; none where memory is short, since what cannot be loaded runs at no speed."""
    short_of = s.memory is not None and s.memory.total > s.memory.usable
    return {} if s.fits is False and short_of else s.estimates


def as_text(s: Sizing) -> str:
    """A few lines for a terminal."""
    verdict = {True: "FITS", False: "DOES NOT FIT", None: "UNKNOWN"}[s.fits]
    lines = [f"{verdict}: {s.model} on {s.n_devices}x {s.hardware}"]
    if s.engine:
        copies = f", {s.replicas} replicas" if s.replicas > 1 else ""
        lines.append(f"  {s.engine}, {s.precision}, tensor parallel {s.tp}, pipeline {s.pp}{copies}")
    lines += [f"  limit: {x}" for x in s.limits]
    if s.nearest:
        lines.append(f"  nearest change: {s.nearest}")
    if s.memory is not None:
        m = s.memory
        parts = {
            "weights": m.weights,
            "kv cache": m.kv_cache,
            "activations": m.activations,
            "reserve": m.reserve,
            "total": m.total,
            "usable": m.usable,
        }
        lines.append("  GiB a device: " + ", ".join(f"{k} {v / GIB:.1f}" for k, v in parts.items()))
    for name, value in _speeds(s).items():
        method = str(value.inputs.get("method", "")) if value else ""
        if value and "published" in value.inputs:
            method = f"{method} from {value.inputs['published']}".strip()
        lines.append(f"  {name:22} {band(value)} {value.unit if value else ''} {method}".rstrip())
    price = f"{short(s.usd_per_hour)} ({s.price_source})" if s.usd_per_hour else "? (no dated offer)"
    lines.append(f"  {'usd_per_hour':22} {price}")
    return "\n".join(lines) + "\n"
