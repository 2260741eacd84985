"""What the estimator says of the memory that somebody measured."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from selector.decide import cells, passes, single
from selector.estimate import encoder, memory, sizing
from selector.estimate.numeric import SCALAR
from selector.estimate.parameters import product
from selector.iterate.measurements import Point, PointError
from selector.iterate.predict_encoder import engine_of
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable
from selector.types.catalog import Device, Model
from selector.types.load import Load

GIB = 2.0**30
GGUF = re.compile(r"\b(i?q\d(?:_[a-z0-9_]+)?)\b")
MLX = re.compile(r"\bmlx-q(\d)(?:-g(\d+))?\b")
# 16-bit scale and offset for each group of weights.
SCALE_BITS = 32.0
GROUP = 64.0
NARROW = frozenset({"gguf", "mlx"})  # methods that narrow the embeddings with the rest
# Transformers changed what it holds while a prompt is read; a point without a date has the newest.
PERIODS = (("2024-01", "2023"), ("2024-08", "2024"), ("2025-03", "2025"))
CACHE_NAME = re.compile(r"\b(fp8|int8|int4|bf16|fp16) kv\b")
OF_DEVICE = frozenset({"gpu_mem_gb", "gpu_mem_gib", "memory_gb"})
UNITS = {"gb": 1e9, "gib": GIB, "mb": 1e6}


@dataclass(frozen=True, slots=True)
class Case:
    """A measured stack: what is loaded, how many tokens are held, by which engine."""

    model: Model
    known: bool  # the catalogue has the model's dimensions
    bits: float
    narrow: bool  # embeddings are as narrow as the rest
    cache_bits: float
    engine: str
    prompt: float
    context: float
    sequences: float
    devices: int
    keys: tuple[str, ...]


def bits_of(
    text: str, narrowed: Callable[[str], tuple[float, bool]], p: Mapping[str, float]
) -> tuple[float, bool]:
    """Bits a weight that a name of a format means, scales counted, and whether embeddings share
    them; `narrowed` looks the format up in the catalogue."""
    if found := MLX.search(text):
        return float(found[1]) + SCALE_BITS / float(found[2] or GROUP), True
    for name in GGUF.findall(text):
        if (bits := p.get(f"memory.gguf_bits.{name}")) is not None:
            return bits, True
    return narrowed(text)


def case_of(
    point: Point,
    cat: Catalogue,
    model: Model,
    known: bool,
    devices: int,
    narrowed: Callable[[str], tuple[float, bool]],
    p: Mapping[str, float],
) -> Case:
    """The stack of a point; raises `PointError`."""
    text = (point.text("precision_weights") or point.text("precision") or "").lower()
    cache = CACHE_NAME.search(text)
    kv = (cache[1] if cache else point.text("precision_kv") or "bf16").lower()
    if kv not in single.KV_BITS:
        raise PointError(f"precision_kv {kv} is not known")
    plain = CACHE_NAME.sub("", re.sub(r"\s*\(.*\)|weights|,", "", text)).strip()
    bits, narrow = bits_of(plain, narrowed, p)
    engine = engine_of(point.text("engine") or point.text("framework") or "", cat)
    prompt = point.number("input_tokens") or point.number("input_len") or 1.0
    writes = point.number("output_tokens") or point.number("output_len") or 0.0
    context = point.number("seq_len") or prompt + writes
    period = next((name for end, name in PERIODS if (point.text("date") or "9") < end), "")
    keys = [f"engine.{engine}", f"bits.{'wide' if bits >= 16.0 else 'narrow'}"]
    if engine == "transformers" and period:
        keys.append(f"period.{engine}.{period}")
    return Case(
        model,
        known,
        bits,
        narrow,
        single.KV_BITS[kv],
        engine,
        prompt,
        context,
        point.number("concurrency_or_batch", 1.0) or point.number("micro_batch", 1.0) or 1.0,
        devices,
        tuple(keys),
    )


def takes_share(point: Point, case: Case, p: Mapping[str, float]) -> bool:
    """True where the engine takes a share of the device, whatever it needs."""
    return point.metric in OF_DEVICE and f"memory.preallocated.{case.engine}" in p


def summed(point: Point) -> bool:
    """True where a figure is the sum over the devices; others are of one device."""
    return (point.text("value_scope") or "").startswith("sum")


def weights(case: Case, shp: cells.Shape) -> float:
    """Bytes of all weights."""
    wide = 0.0 if case.narrow else shp.embedding
    return float(memory.weight_bytes(SCALAR, shp.total, wide, case.bits))


def live(case: Case, shp: cells.Shape, p: Mapping[str, float]) -> float:
    """Bytes that an engine takes as it needs them, over all devices."""
    arch = case.model.architecture
    at_once = (
        case.prompt
        if case.engine in ("transformers", "autoawq")
        else min(case.prompt, p["memory.prefill_chunk_tokens"])
    )
    cache = case.sequences * memory.cache_bytes_per_sequence(
        SCALAR,
        shp.kv_per_token,
        case.context,
        shp.kv_sliding_per_token,
        shp.window_tokens,
        shp.state_bytes,
        case.cache_bits,
    )
    return float(
        memory.live_bytes(
            SCALAR,
            weights=weights(case, shp),
            cache=cache,
            copies=product(p, "memory.cache_copies", case.keys),
            prompt=at_once * case.sequences,
            intermediate=float((arch.intermediate if arch else None) or 4.0 * shp.hidden),
            tensors=product(p, "memory.prompt_tensors", case.keys),
            vocab=shp.vocab,
            logits=product(p, "memory.logits_bytes", case.keys),
            devices=case.devices,
            context=product(p, "memory.context_gb", case.keys) * 1e9,
        )
    )


def live_share(case: Case, mem: sizing.Memory, p: Mapping[str, float]) -> float:
    """Share of the usable memory of its devices that an engine takes as it needs it."""
    return live(case, cells.shape(case.model, p), p) / (case.devices * float(mem.usable))


def figure(point: Point, case: Case, device: Device | None, p: Mapping[str, float]) -> tuple[float, float]:
    """Predicted memory in the unit of the metric, of one device or of all as the point says, and p90
    over p50; `device` where the engine takes a share of it."""
    shp = cells.shape(case.model, p)
    metric = point.metric
    unlisted = 1.0 if case.known else p["memory.width.unknown_model"]
    if metric.startswith("weights"):
        whole, width = weights(case, shp), p["memory.width.weights"]
    elif metric == "host_mem_gb":
        whole, width = weights(case, shp), p["memory.width.host"]
    elif device is not None:
        share = p[f"memory.preallocated.{case.engine}"]
        whole, width = share * cells.memory_bytes(device, p) * case.devices, p["memory.width.preallocated"]
    else:
        whole = live(case, shp, p)
        width = p["memory.width.live"] * math.prod(p.get(f"memory.width.{k}", 1.0) for k in case.keys)
        if f"memory.width.engine.{case.engine}" not in p:
            width *= p["serving.width.unlisted"]
    sharers = 1 if summed(point) else case.devices
    return whole / sharers / UNITS[metric.rpartition("_")[2]], math.exp(width * unlisted)


def of_one_pass(point: Point, model: Model, form: str, p: Mapping[str, float]) -> tuple[float, float]:
    """The same of a model that does not stream tokens."""
    whole = (model.params_b or 0.0) * 1e9 * passes.BITS[form] / 8.0
    if not whole:
        raise PointError(f"parameters of {model.id} are not published")
    width = p["memory.width.weights"]
    if point.metric in OF_DEVICE:
        batch = point.number("concurrency_or_batch", 1.0) or 1.0
        held = SimpleNamespace(weight_bytes=whole, item_bytes=passes.item_bytes(model, p))
        whole = encoder.memory_bytes(held, batch, p["encoder.context_gb"] * 1e9, p["encoder.weight_copies"])
        width = p["memory.width.one_pass"]
    # Each device runs a whole copy.
    copies = point.number("n_devices", 1.0) or 1.0 if summed(point) else 1.0
    return whole * copies / UNITS[point.metric.rpartition("_")[2]], math.exp(width)


def used(mem: sizing.Memory, held: float) -> float:
    """Share of the usable memory that is taken."""
    if not mem.usable > 0.0:
        raise PointError("memory of the device is not known")
    taken = mem.weights + mem.activations + mem.reserve + mem.per_sequence * held
    return float(taken / mem.usable)


def least(
    cat: Catalogue,
    table: SupportTable,
    model: Model,
    device: Device,
    engine: str,
    precision: str,
    load: Load,
    p: Mapping[str, float],
) -> float:
    """Fewest devices that hold a model and its load: 1, 2, 4 ... in a machine, then as many machines."""
    node = machine(cat, device)
    counts = [n for n in (2**k for k in range(node.bit_length())) if n < node]
    machines = (2**k for k in range(int(p["memory.most_machines"]).bit_length()))
    for n in [*counts, *(node * k for k in machines)]:
        pair = (min(n, node), max(n // node, 1))
        choice = single.observed(cat, table, model, device, engine, precision, pair, p)
        if used(sizing.ledger(SCALAR, choice.cell, load, p), load.concurrency or 1.0) <= 1.0:
            return float(n)
    raise PointError(f"does not fit {p['memory.most_machines']:.0f} machines of {node}")


def machine(cat: Catalogue, device: Device) -> int:
    """Devices of one machine: the largest that is offered, else what the fast link joins."""
    offered = max((o.count for o in cat.offers.values() if o.device == device.id), default=1)
    joined = device.interconnect.domain if device.interconnect else 1
    return max(offered, joined, 1)
