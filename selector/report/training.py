"""One sized training run, as JSON of the contract and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.report.json import estimate
from selector.report.numbers import band, plain, short

if TYPE_CHECKING:
    from selector.decide.train_plan import TrainingSizing
    from selector.types.estimate import Estimate

# Figures of serving that the form of an estimate has, and training has not.
SERVING = (
    *("first_token_ms", "first_token_p95_ms", "per_output_token_ms"),
    *("output_tokens_per_s", "total_tokens_per_s", "requests_per_s"),
)
FIGURES = ("tokens_per_s_per_device", "tokens_per_s", "device_hours", "wall_hours", "usd", "memory_gib")
MEMORY = "memory_gib"


def as_json(s: TrainingSizing) -> dict[str, Any]:
    """Fields of the contract."""
    run = s.run
    found = {
        "schema_version": 1,
        "kind": "estimate",
        "model": s.model,
        "hardware": s.hardware,
        "n_devices": s.n_devices,
        "method": run and run.method,
        "precision": run and run.precision,
        "strategy": run and run.sharding,
        "layout": run and {"tp": run.tp, "pp": run.pp},
        "seq_len": run and run.seq_len,
        "micro_batch": run and run.micro_batch,
        "recompute": run and run.recompute,
        "fits": s.fits,
        "limits": s.limits,
        "nearest": s.nearest,
        "assumptions": s.assumptions,
        "memory_gib_per_device": s.memory and dict(s.memory),
        **{name: estimate(_figure(s, name)) for name in FIGURES},
        **dict.fromkeys(SERVING),
        "usd_per_hour": s.usd_per_hour,
        "usd_per_hour_source": s.price_source,
    }
    cleaned: dict[str, Any] = plain(found)
    return cleaned


def _figure(s: TrainingSizing, name: str) -> Estimate | None:
    """A figure of the run; where memory is short, the memory alone: such a run has no speed."""
    short_of = s.memory is not None and s.memory["total"] > s.memory["usable"]
    return None if s.fits is False and short_of and name != MEMORY else s.estimates.get(name)


def as_text(s: TrainingSizing) -> str:
    """A few lines for a terminal."""
    verdict = {True: "FITS", False: "DOES NOT FIT", None: "UNKNOWN"}[s.fits]
    lines = [f"{verdict}: training of {s.model} on {s.n_devices}x {s.hardware}"]
    if run := s.run:
        layout = f", tensor parallel {run.tp}, pipeline {run.pp}" if run.tp * run.pp > 1 else ""
        lines.append(f"  {run.method}, {run.precision}, {run.sharding}{layout}")
    lines += [f"  limit: {x}" for x in s.limits]
    lines += [f"  nearest change: {s.nearest}"] if s.nearest else []
    lines += [f"  assumed: {x}" for x in s.assumptions]
    if s.memory is not None:
        parts = [f"{k.replace('_', ' ')} {v:.1f}" for k, v in s.memory.items() if k != "kv_cache"]
        lines.append("  GiB a device: " + ", ".join(parts))
    for name in FIGURES:
        value = _figure(s, name)
        if value is not None:
            lines.append(f"  {name:24} {band(value)} {value.unit}")
    if run:
        price = f"{short(s.usd_per_hour)} ({s.price_source})" if s.usd_per_hour else "? (no dated offer)"
        lines.append(f"  {'usd_per_hour':24} {price}")
    return "\n".join(lines) + "\n"
