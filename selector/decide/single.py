"""Size one stack: the same formulas as the ranking, on plain numbers, with the ledger and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selector.decide import cells, single_pass, tuning
from selector.decide.layouts import layouts, pinned_allowed
from selector.decide.prices import rent
from selector.estimate import sizing
from selector.estimate.numeric import SCALAR
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, newest
from selector.types.catalog import ROLES, Device, Model, Precision
from selector.types.estimate import Estimate, MemoryLedger
from selector.types.load import Cell, Load

GIB = 2.0**30
KV_BITS = {"fp8": 8.0, "int8": 8.0, "int4": 4.0, "bf16": 16.0, "fp16": 16.0}
GENERIC = "generic"  # an engine that the catalogue does not know
PREFERRED = (
    "vllm",
    "sglang",
    "tensorrt-llm",
    "lmdeploy",
    "vllm-ascend",
    "vllm-gaudi",
    "tpu-inference",
    "mlx-lm",
    "llama.cpp",
)


@dataclass(frozen=True, slots=True)
class Sizing:
    """Outcome for one stack; `fits` None means that it cannot be said."""

    model: str
    hardware: str
    n_devices: int
    engine: str | None
    precision: str | None
    tp: int
    pp: int
    fits: bool | None
    limits: tuple[str, ...]
    nearest: str | None
    memory: MemoryLedger | None
    estimates: Mapping[str, Estimate | None]
    usd_per_hour: float | None
    price_source: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One engine, precision and layout with its cell."""

    engine: str
    precision: str
    layout: tuple[int, int]
    cell: Cell


def size(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    *,
    engines: Sequence[str] = (),
    precisions: Sequence[str] = (),
    tp: int | None = None,
    pp: int | None = None,
    node: int = 8,
    item: float | None = None,
) -> Sizing:
    """Size a model on `count` devices; engine, precision and layout are chosen where left out.

    `item` is the size of an item of a model that does not stream tokens (`single_pass.size`).
    """
    p = {k: v.value for k, v in cat.parameters.items()}
    if ROLES.get(model.model_class, "llm") != "llm":
        return _one_pass(cat, model, device, count, load, item, engines, precisions, p)
    choices, refused = _choices(cat, model, device, count, engines, precisions, tp, pp, node, p)
    if not choices:
        return _nothing(model, device, count, *refused)
    sized = [_size(cat, model, device, count, load, c, p) for c in choices]
    good = [s for s in sized if s.fits]
    if good:
        return min(good, key=_preference)
    nearest = min(sized, key=lambda s: s.memory.total - s.memory.usable if s.memory else math.inf)
    return replace(nearest, nearest=_nearest(cat, model, device, count, load, nearest, p))


def _one_pass(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    item: float | None,
    engines: Sequence[str],
    precisions: Sequence[str],
    p: Mapping[str, float],
) -> Sizing:
    """A model that does not stream tokens: each device answers whole items."""
    found, refused = single_pass.size(cat, model, device, count, load, item, engines, precisions, p)
    nothing = _nothing(model, device, count, *refused)
    if not found:
        return replace(nothing, estimates={"items_per_s": None, "latency_ms": None})
    best = found[0]
    usd, source = rent(cat, device, count)
    return replace(
        nothing,
        engine=best.engine,
        precision=best.precision,
        tp=1,
        pp=1,
        fits=not best.limits,
        limits=best.limits,
        nearest=None if best.ledger.fits else single_pass.narrower(cat, model, device, best),
        memory=best.ledger,
        estimates=best.estimates,
        usd_per_hour=usd,
        price_source=source,
    )


def _preference(s: Sizing) -> tuple[int, int, float]:
    """Widest precision first, then the engine order, then the fastest."""
    bits = 0 if s.precision in ("bf16", "fp16") else 1
    order = PREFERRED.index(s.engine) if s.engine in PREFERRED else len(PREFERRED)
    speed = s.estimates["per_output_token_ms"]
    return (bits, order, speed.p50 if speed else math.inf)


def _choices(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    engines: Sequence[str],
    precisions: Sequence[str],
    tp: int | None,
    pp: int | None,
    node: int,
    p: Mapping[str, float],
) -> tuple[list[Choice], list[str]]:
    table = SupportTable(cat.support, newest(cat.frameworks))
    shp = cells.shape(model, p)
    default = [model.checkpoints[0]] if model.checkpoints else ["bf16", "fp16"]
    wanted = list(precisions) or [*default, *(["fp16"] if default == ["bf16"] else [])]
    found: list[Choice] = []
    refused: list[str] = []
    for engine in engines or [e for e in PREFERRED if e in table.engines()]:
        for name in wanted:
            precision = cat.precisions[name]
            answer = table.look_up(engine, device, name, model, "llm")
            if answer.status != "yes":
                why = answer.row.note if answer.row and answer.row.note else f"support {answer.status}"
                refused.append(f"unsupported: {engine} {name} on {device.arch or device.id} ({why})")
                continue
            if tp or pp:
                pairs = [(tp or max(count // (pp or 1), 1), pp or 1)]
                if reason := pinned_allowed(model, *pairs[0]):
                    refused.append(reason)
                    continue
            else:
                pairs = layouts(model, engine, "llm", count, min(node, count))
            pairs = [q for q in pairs if q[0] * q[1] <= count] or pairs
            for pair in pairs:
                found.append(_choice(model, shp, device, engine, precision, answer.compute, pair, p))
    most = max((c.layout[0] * c.layout[1] for c in found), default=0)
    return [c for c in found if c.layout[0] * c.layout[1] == most], list(dict.fromkeys(refused))


def _choice(
    model: Model,
    shp: cells.Shape,
    device: Device,
    engine: str,
    precision: Precision,
    compute: str | None,
    pair: tuple[int, int],
    p: Mapping[str, float],
    also: tuple[str, ...] = (),
) -> Choice:
    cell = cells.scalar_cell(
        [
            cells.model_part(shp),
            cells.device_part(device, engine, None, False, p),
            cells.format_part(model, device, precision, compute),
            cells.layout_part(*pair),
            tuning.tuning_part(device, engine, shp, pair[0] * pair[1], precision, p, also),
        ]
    )
    return Choice(engine, precision.id, pair, cell)


def observed(
    cat: Catalogue,
    table: SupportTable,
    model: Model,
    device: Device,
    engine: str,
    precision: str,
    pair: tuple[int, int],
    p: Mapping[str, float],
    also: tuple[str, ...] = (),
) -> Choice:
    """A stack that somebody measured: it ran, so support is not asked, only what it computes in."""
    answer = table.look_up(engine, device, precision, model, "llm")
    compute = answer.compute if answer.status == "yes" else None
    return _choice(
        model, cells.shape(model, p), device, engine, cat.precisions[precision], compute, pair, p, also
    )


def _size(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    c: Choice,
    p: Mapping[str, float],
) -> Sizing:
    mem = sizing.ledger(SCALAR, c.cell, load, p)
    sequences = load.concurrency or 1.0
    cache = mem.per_sequence * sequences
    ledger = MemoryLedger(mem.weights, cache, mem.activations, mem.reserve, mem.usable)
    limits = []
    if ledger.total > ledger.usable:
        gap = (ledger.total - ledger.usable) / GIB
        limits.append(f"memory: {gap:.1f} GiB a device short")
    if model.context_tokens and load.context_tokens > model.context_tokens:
        limits.append(f"context: the model reads {model.context_tokens} tokens at most")
    if device.memory_gb is None and device.memory_bytes is None:
        limits.append("memory of the device is not known")
    replicas = max(count // (c.layout[0] * c.layout[1]), 1)
    rate = (load.peak_requests_per_second or 0.0) / replicas
    held = sizing.settled(SCALAR, c.cell, load, mem, rate, max(sequences / replicas, 1.0), p)
    times = sizing.times(SCALAR, c.cell, load, held, rate, p)
    if load.per_output_token_limit_s and times.per_output_token > load.per_output_token_limit_s:
        limits.append("latency: time per output token over its limit")
    usd, source = rent(cat, device, count)
    first = c.layout
    return Sizing(
        model.id,
        device.id,
        count,
        c.engine,
        c.precision,
        first[0],
        first[1],
        not limits,
        tuple(limits),
        None,
        ledger,
        _estimates(load, times, replicas, c.cell),
        usd,
        source,
    )


def _estimates(load: Load, t: sizing.Times, replicas: int, cell: Any) -> dict[str, Estimate | None]:
    def make(value: float, spread: float, unit: str, formula: str, floor: float = 0.0) -> Estimate | None:
        if math.isnan(value):
            return None
        found = Estimate.around(value, spread, unit, formula)
        return replace(found, p10=max(found.p10, floor)) if floor else found

    rate = t.rate * replicas
    alone = t.batch <= 1.0 and not load.peak_requests_per_second
    first_spread = cell.first_token_spread if alone else cell.first_token_loaded_spread
    inputs = load.input_tokens + load.output_tokens
    return {
        "first_token_ms": make(t.first_token * 1e3, first_spread, "ms", "serving.first_token"),
        "first_token_p95_ms": make(t.first_token_p95 * 1e3, first_spread, "ms", "serving.first_token_p95"),
        # Never under the bytes read over the bandwidth.
        "per_output_token_ms": make(
            t.per_output_token * 1e3, cell.step_spread, "ms", "serving.per_output_token", t.floor * 1e3
        ),
        "output_tokens_per_s": make(
            rate * load.output_tokens, cell.rate_spread, "tokens/s", "serving.output_tokens"
        ),
        "total_tokens_per_s": make(rate * inputs, cell.rate_spread, "tokens/s", "serving.total_tokens"),
        "requests_per_s": make(rate, cell.rate_spread, "requests/s", "serving.rate"),
    }


def _nearest(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    short: Sizing,
    p: Mapping[str, float],
) -> str | None:
    """The nearest change that fits: fewer bits, more devices, or a shorter context."""
    assert short.engine is not None
    table = SupportTable(cat.support, newest(cat.frameworks))
    shp = cells.shape(model, p)
    for precision in sorted(cat.precisions.values(), key=lambda q: -q.bits_weights):
        if precision.needs_checkpoint and precision.id not in model.checkpoints:
            continue
        answer = table.look_up(short.engine, device, precision.id, model, "llm")
        if answer.status == "yes" and _fits(
            model, shp, device, precision.id, short, (short.tp, short.pp), load, cat, p
        ):
            return f"fits as {precision.id} on the same devices"
    precision_id = short.precision or "bf16"
    for factor in (2, 4, 8):
        pair = (short.tp, short.pp * factor)
        if _fits(model, shp, device, precision_id, short, pair, load, cat, p):
            return f"fits on {count * factor} devices (tp {pair[0]}, pp {pair[1]})"
    for tokens in (131072, 65536, 32768, 16384, 8192, 4096):
        shorter = replace(load, context_tokens=float(tokens))
        if tokens < load.context_tokens and _fits(
            model, shp, device, precision_id, short, (short.tp, short.pp), shorter, cat, p
        ):
            return f"fits with a context of {tokens} tokens"
    return None


def _fits(
    model: Model,
    shp: cells.Shape,
    device: Device,
    precision: str,
    short: Sizing,
    pair: tuple[int, int],
    load: Load,
    cat: Catalogue,
    p: Mapping[str, float],
) -> bool:
    cell = cells.scalar_cell(
        [
            cells.model_part(shp),
            cells.device_part(device, short.engine or "", None, False, p),
            cells.format_part(model, device, cat.precisions[precision], None),
            cells.layout_part(*pair),
            tuning.tuning_part(
                device, short.engine or "", shp, pair[0] * pair[1], cat.precisions[precision], p
            ),
        ]
    )
    mem = sizing.ledger(SCALAR, cell, load, p)
    used = mem.weights + mem.activations + mem.reserve + mem.per_sequence * (load.concurrency or 1.0)
    return bool(used <= mem.usable)


def _nothing(model: Model, device: Device, count: int, *why: str) -> Sizing:
    names = (
        "first_token_ms",
        "first_token_p95_ms",
        "per_output_token_ms",
        "output_tokens_per_s",
        "total_tokens_per_s",
        "requests_per_s",
    )
    return Sizing(
        model.id,
        device.id,
        count,
        None,
        None,
        0,
        0,
        False if why and "unsupported" in why[0] else None,
        tuple(why),
        None,
        None,
        dict.fromkeys(names),
        None,
        None,
    )
