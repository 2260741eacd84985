"""Size one stack of a model that does not stream tokens: the formulas of the ranking on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selector.decide import cells, passes
from selector.decide.limits import short_of
from selector.estimate import encoder
from selector.estimate.numeric import SCALAR
from selector.estimate.serving import queue_wait
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, newest
from selector.types.catalog import Device, Model, Precision
from selector.types.estimate import Estimate, MemoryLedger
from selector.types.load import Load

ESTIMATED = frozenset({"encoder", "embedding", "reranker", "vision", "speech", "tts", "diffusion"})
WIDE = ("bf16", "fp16", "fp32")


@dataclass(frozen=True, slots=True)
class Found:
    """A stack with what it does; `limits` says why it does not carry the load."""

    engine: str
    precision: str
    ledger: MemoryLedger
    limits: tuple[str, ...]
    estimates: Mapping[str, Estimate | None]


def size(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    item: float | None,
    engines: Sequence[str],
    precisions: Sequence[str],
    p: Mapping[str, float],
) -> tuple[list[Found], list[str]]:
    """Stacks that engines support, best first (without limits, widest format, most items a second),
    and why others are refused. `item`: tokens, seconds of audio or megapixels, None as benchmarks."""
    role = passes.role_of(model)
    if role not in ESTIMATED:
        return [], [f"time of {model.model_class} models follows from no published figure"]
    if not model.params_b:
        return [], [f"parameters of {model.id} are not published"]
    what = passes.Item.of(role, item)
    if role in ("vision", "diffusion") and item is not None:
        if not model.image_px:
            return [], [
                f"the image that the operations of {model.id} count is not published: leave --input out"
            ]
        what = passes.Item(px=math.sqrt(item * 1e6))
    table = SupportTable(cat.support, newest(cat.frameworks))
    default = [*model.checkpoints[:1], *WIDE]
    found, refused = [], []
    for engine in engines or table.engines():
        for name in dict.fromkeys(precisions or default):
            answer = table.look_up(engine, device, name, model, role)
            if answer.status == "yes":
                found.append(_size(cat, model, device, count, load, what, engine, cat.precisions[name], p))
            elif engines:
                refused.append(f"unsupported: {engine} {name} on {device.arch or device.id}")
    if not found and not refused:
        asked = f" as {', '.join(precisions)}" if precisions else ""
        refused.append(f"unsupported: no engine runs {role} models{asked} on {device.arch or device.id}")
    return sorted(found, key=_preference), refused


def narrower(cat: Catalogue, model: Model, device: Device, short: Found) -> str | None:
    """The widest format that the engine of a stack runs and that fits where the stack does not."""
    table = SupportTable(cat.support, newest(cat.frameworks))
    rest = short.ledger.total - short.ledger.weights
    whole = short.ledger.weights / cat.precisions[short.precision].bits_weights
    for precision in sorted(cat.precisions.values(), key=lambda q: -q.bits_weights):
        if precision.needs_checkpoint and precision.id not in model.checkpoints:
            continue
        answer = table.look_up(short.engine, device, precision.id, model, passes.role_of(model))
        if answer.status == "yes" and whole * precision.bits_weights + rest <= short.ledger.usable:
            return f"fits as {precision.id} on the same devices"
    return None


def _preference(found: Found) -> tuple[bool, bool, float, str]:
    rate = found.estimates["items_per_s"]
    return (
        bool(found.limits),
        found.precision not in ("bf16", "fp16"),
        -rate.p50 if rate else 0.0,
        found.engine,
    )


def _size(
    cat: Catalogue,
    model: Model,
    device: Device,
    count: int,
    load: Load,
    item: passes.Item,
    engine: str,
    precision: Precision,
    p: Mapping[str, float],
) -> Found:
    shp = cells.shape(model, p)
    form = passes.form_of(precision, device)
    told = cat.published(model)
    c = passes.make(model, shp, device, engine, form, precision.bits_weights, item, p, published=told)
    rate = load.peak_requests_per_second
    batch = p["encoder.batch"] if rate else max(math.ceil((load.concurrency or 1.0) / count), 1)
    usable = cells.memory_bytes(device, p)
    usable *= p["memory.unified_fraction" if device.unified_memory else "memory.usable_fraction"]
    ledger = MemoryLedger(
        c.weight_bytes * p["encoder.weight_copies"],
        0.0,
        batch * c.item_bytes,
        p["encoder.context_gb"] * 1e9,
        usable,
    )
    capacity = count * encoder.items_per_second(SCALAR, c, batch)
    seconds = encoder.batch_seconds(SCALAR, c, 1.0 if rate else batch)
    limits = []
    if not ledger.fits:
        limits.append(f"memory: {short_of((ledger.total - usable) / 2.0**30)}")
    if rate:
        capacity *= c.served_fraction
        seconds += queue_wait(SCALAR, rate / count, count / capacity)
        if rate > capacity:
            limits.append(f"rate: {capacity:.3g} items a second at most")
    inputs: dict[str, float | str | None] = {
        "batch": float(batch),
        "flops": c.flops,
        "compute_fraction": c.compute_fraction,
    }
    if told is not None and passes.speaks(told, engine, form):
        inputs |= {"published": passes.words(told, model), "published_factor": c.published}

    def estimate(value: float, spread: float, unit: str, formula: str) -> Estimate | None:
        known = not math.isnan(value)
        return Estimate.around(value, spread, unit, formula, inputs) if known else None

    return Found(
        engine,
        precision.id,
        ledger,
        tuple(limits),
        {
            "items_per_s": estimate(capacity, c.rate_spread, "items/s", "encoder.rate"),
            "latency_ms": estimate(seconds * 1e3, c.latency_spread, "ms", "encoder.batch_seconds"),
        },
    )
