"""Size one stack: the same formulas as the ranking, on plain numbers, with the ledger and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selector.decide import calibrated, cells, single_pass, spread, tuning
from selector.decide.limits import short_of
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
    replicas: int = 1
    at_most: float | None = None  # requests a second of all replicas


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
    layout = spread.asked(model, count, tp, pp)
    if isinstance(layout, str):
        return _nothing(model, device, count, layout, fits=False)
    choices, refused = _choices(cat, model, device, count, engines, precisions, layout, node, p)
    if not choices:
        fits, why = spread.verdict(refused, engines)
        return _nothing(model, device, count, *why, fits=fits)
    sized = [_size(cat, model, device, count, load, c, p) for c in choices]
    good = [s for s in sized if s.fits]
    if good:
        return min(good, key=_preference)
    nearest = min(sized, key=_distance)
    if nearest.fits is None:
        return nearest
    return replace(nearest, nearest=_nearest(cat, model, device, count, load, nearest, node, p))


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


def _preference(s: Sizing) -> tuple[int, int, float, float]:
    """Widest precision first, then the engine order, then the most requests, then the fastest.

    Layouts that answer a stated rate alike differ in what they could answer at most.
    """
    bits = 0 if s.precision in ("bf16", "fp16") else 1
    order = PREFERRED.index(s.engine) if s.engine in PREFERRED else len(PREFERRED)
    speed = s.estimates["per_output_token_ms"]
    return (bits, order, -(s.at_most or 0.0), speed.p50 if speed else math.inf)


def _distance(s: Sizing) -> tuple[float, float]:
    """Bytes short of memory first, then how little of the load is served."""
    short = max(s.memory.total - s.memory.usable, 0.0) if s.memory else math.inf
    return (short, -(s.at_most or 0.0))


def _choices(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    engines: Sequence[str],
    precisions: Sequence[str],
    layout: tuple[int, int] | None,
    node: int,
    p: Mapping[str, float],
) -> tuple[list[Choice], list[spread.Refusal]]:
    table = SupportTable(cat.support, newest(cat.frameworks))
    shp = cells.shape(model, p)
    default = [model.checkpoints[0]] if model.checkpoints else ["bf16", "fp16"]
    wanted = list(precisions) or [*default, *(["fp16"] if default == ["bf16"] else [])]
    found: list[Choice] = []
    refused: list[spread.Refusal] = []
    tried = [e for e in PREFERRED if table.runs_any(e, device, "llm")]
    for engine in engines or tried or [e for e in PREFERRED if e in table.engines()]:
        for name in wanted:
            precision = cat.precisions[name]
            answer = table.look_up(engine, device, name, model, "llm")
            if answer.status != "yes":
                refused.append(spread.unsupported(answer, engine, name, device))
                continue
            for pair in [layout] if layout else spread.pairs(model, cat.frameworks.get(engine), count, node):
                found.append(_choice(model, shp, device, engine, precision, answer.compute, pair, p))
    return found, refused


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
    replicas = spread.busy_replicas(load, count, c.layout)
    group = calibrated.group_of(c.engine, device.id, c.precision, model)
    stack = calibrated.Stack(group, model.id, *c.layout)
    known = calibrated.of_one(cat.measured, stack, c.cell, load, replicas, p)
    bare, c = c.cell, replace(c, cell=calibrated.on_cell(c.cell, known))
    mem = sizing.ledger(SCALAR, c.cell, load, p)
    each = (load.concurrency or 1.0) / replicas
    cache = mem.per_sequence * math.ceil(each)
    ledger = MemoryLedger(mem.weights, cache, mem.activations, mem.reserve, mem.usable)
    rate = (load.peak_requests_per_second or 0.0) / replicas
    held = sizing.settled(SCALAR, c.cell, load, mem, rate, max(each, 1.0), p)
    known = calibrated.at_held(cat.measured, stack, bare, load, held, known, p)
    here = calibrated.on_cell(bare, known)
    times = sizing.times(SCALAR, here, load, held, rate, p)
    at_most = sizing.capacity(SCALAR, c.cell, load, mem, p) * replicas if rate else times.rate * replicas
    limits = _broken(model, device, load, ledger, times, at_most)
    usd, source = rent(cat, device, count)
    return Sizing(
        model=model.id,
        hardware=device.id,
        n_devices=count,
        engine=c.engine,
        precision=c.precision,
        tp=c.layout[0],
        pp=c.layout[1],
        fits=None if _unknown_memory(device) else not limits,
        limits=tuple(limits),
        nearest=None,
        memory=ledger,
        estimates=_estimates(load, times, replicas, here, known),
        usd_per_hour=usd,
        price_source=source,
        replicas=max(count // (c.layout[0] * c.layout[1]), 1),
        at_most=None if math.isnan(at_most) else at_most,
    )


def _unknown_memory(device: Device) -> bool:
    return device.memory_gb is None and device.memory_bytes is None and device.kind != "cpu"


def _broken(
    model: Model, device: Device, load: Load, ledger: MemoryLedger, times: sizing.Times, at_most: float
) -> list[str]:
    """Limits that the stack does not keep, in words."""
    limits = []
    if _unknown_memory(device):
        limits.append("memory of the device is not known")
    elif ledger.total > ledger.usable:
        gap = (ledger.total - ledger.usable) / GIB
        limits.append(f"memory: {short_of(gap)}")
    elif load.peak_requests_per_second and at_most < load.peak_requests_per_second:
        limits.append(f"rate: serves {at_most:.3g} of {load.peak_requests_per_second:.3g} requests/s")
    if model.context_tokens and load.context_tokens > model.context_tokens:
        limits.append(f"context: the model reads {model.context_tokens} tokens at most")
    if load.per_output_token_limit_s and times.per_output_token > load.per_output_token_limit_s:
        limits.append("latency: time per output token over its limit")
    return limits


def _estimates(
    load: Load, t: sizing.Times, replicas: int, cell: Any, known: Mapping[str, calibrated.Belief]
) -> dict[str, Estimate | None]:
    def make(
        value: float, by: float, unit: str, formula: str, of: str, floor: float = 0.0
    ) -> Estimate | None:
        if math.isnan(value):
            return None
        found = Estimate.around(value, by, unit, formula, calibrated.basis(known.get(of)))
        return replace(found, p10=max(found.p10, min(floor, value))) if floor else found

    rate = t.rate * replicas
    first_spread = sizing.first_token_spread(SCALAR, cell, t.batch)
    first = calibrated.first_token(t.batch)
    inputs = load.input_tokens + load.output_tokens
    return {
        "first_token_ms": make(t.first_token * 1e3, first_spread, "ms", "serving.first_token", first),
        "first_token_p95_ms": make(
            t.first_token_p95 * 1e3, first_spread, "ms", "serving.first_token_p95", first
        ),
        # Never under the bytes read over the bandwidth.
        "per_output_token_ms": make(
            t.per_output_token * 1e3,
            cell.step_spread,
            "ms",
            "serving.per_output_token",
            "token",
            t.floor * 1e3,
        ),
        "output_tokens_per_s": make(
            rate * load.output_tokens, cell.rate_spread, "tokens/s", "serving.output_tokens", "rate"
        ),
        "total_tokens_per_s": make(
            rate * inputs, cell.rate_spread, "tokens/s", "serving.total_tokens", "rate"
        ),
        "requests_per_s": make(rate, cell.rate_spread, "requests/s", "serving.rate", "rate"),
    }


def _nearest(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    short: Sizing,
    node: int,
    p: Mapping[str, float],
) -> str | None:
    """The nearest change that fits: fewer bits, more devices, or a shorter context."""
    assert short.engine is not None
    assert short.precision is not None
    engine, same = short.engine, (short.tp, short.pp)
    table = SupportTable(cat.support, newest(cat.frameworks))
    shp = cells.shape(model, p)

    def fits(name: str, compute: str | None, pair: tuple[int, int], n: int, asked: Load) -> bool:
        choice = _choice(model, shp, device, engine, cat.precisions[name], compute, pair, p)
        return bool(_size(cat, model, device, n, asked, choice, p).fits)

    for precision in sorted(cat.precisions.values(), key=lambda q: -q.bits_weights):
        if precision.needs_checkpoint and precision.id not in model.checkpoints:
            continue
        answer = table.look_up(engine, device, precision.id, model, "llm")
        if answer.status == "yes" and fits(precision.id, answer.compute, same, count, load):
            return f"fits as {precision.id} on the same devices"
    name, compute = short.precision, table.look_up(engine, device, short.precision, model, "llm").compute
    for n in _more(count, load, short):
        for pair in spread.pairs(model, cat.frameworks.get(engine), n, node):
            if fits(name, compute, pair, n, load):
                return f"fits on {n} devices (tp {pair[0]}, pp {pair[1]})"
    for tokens in (131072, 65536, 32768, 16384, 8192, 4096):
        shorter = replace(load, context_tokens=float(tokens))
        if tokens < load.context_tokens and fits(name, compute, same, count, shorter):
            return f"fits with a context of {tokens} tokens"
    return None


def _more(count: int, load: Load, short: Sizing) -> list[int]:
    """Larger counts of devices to try; for a rate, as many as it divides into."""
    found = {count * factor for factor in (2, 4, 8)}
    if load.peak_requests_per_second and short.at_most:
        found.add(count * math.ceil(load.peak_requests_per_second / short.at_most))
    return sorted(n for n in found if n > count)


def _nothing(model: Model, device: Device, count: int, *why: str, fits: bool | None = None) -> Sizing:
    names = (
        "first_token_ms",
        "first_token_p95_ms",
        "per_output_token_ms",
        "output_tokens_per_s",
        "total_tokens_per_s",
        "requests_per_s",
    )
    nothing = dict.fromkeys(names)
    return Sizing(
        model.id, device.id, count, None, None, 0, 0, fits, tuple(why), None, None, nothing, None, None
    )
