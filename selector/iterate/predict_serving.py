"""What the estimator says of one measured point of token generation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from selector.decide import single
from selector.decide.calibrated import first_token
from selector.decide.layouts import parallel
from selector.estimate import sizing
from selector.estimate.numeric import SCALAR, Numeric
from selector.estimate.serving import energy_per_token, prefill_flops
from selector.iterate.measurements import MEMORY, SERVING, Point, PointError
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable
from selector.types.catalog import Architecture, Device, Model
from selector.types.load import Load

MACHINE = 8  # devices that one replica spreads over where the point does not state its layout
# Engines before this month lack what made them two to three times as fast since.
MATURE = "2025"
ENERGY = "energy_j_per_output_tok"
TAILS = ("p90", "p95", "p99")
BY_SIZE = ("tok_s", "tpot_ms", "ttft_ms")  # what the parameters alone can tell
NARROW_CACHE = "fp8_cache_with_narrow_weights"
NO_LENGTH = ("decode_tok_s", "tpot_ms")  # an empty context where no length is stated


@dataclass(frozen=True, slots=True)
class Case:
    """A measured stack: one replica's cell and layout, how many of them, and the load on each."""

    model: Model
    device: Device
    count: int
    load: Load
    choice: single.Choice
    memory: sizing.Memory
    replicas: int
    held: float | None  # sequences in flight on a replica; None: as many as answer most requests

    @property
    def devices(self) -> int:
        """Devices of one replica."""
        return self.choice.layout[0] * self.choice.layout[1]


def load_of(point: Point, p: Mapping[str, float]) -> Load:
    """The load of a point; raises `PointError` where a length that the metric needs is missing."""
    serving = point.metric in SERVING
    one = point.text("scenario") == "single_stream" or not serving
    given = point.number("input_tokens")
    reads = given if given is not None else point.number("seq_len")
    writes = point.number("output_tokens") or point.number("output_len")
    if serving and reads is None and point.metric not in NO_LENGTH:
        raise PointError("input_tokens is missing")
    if point.metric in (ENERGY, "output_tok_s", "total_tok_s", "req_s") and writes is None:
        raise PointError("output_tokens is missing")
    held = point.number("concurrency_or_batch", 1.0) or (1.0 if one else None)
    limit = point.number("tpot_limit_ms")
    if held is None and "arrival_limited" in point.flags:
        raise PointError("the rate of arrivals limits the figure and is not stated")
    if held is None and point.metric == "tpot_ms" and not limit and point.text("scenario") != "offline":
        raise PointError("neither concurrency nor a limit is stated")
    cache = (point.text("precision_kv") or "bf16").lower()
    if cache not in single.KV_BITS:
        raise PointError(f"precision_kv {cache} is not known")
    size = max(reads or 0.0, 1.0)
    return Load(
        size,
        size,
        max(writes or 1.0, 1.0),
        size + (writes or 0.0),
        point.text("scenario") or "online",
        concurrency=held,
        per_output_token_limit_s=limit / 1e3 / p["serving.token_tail"] if limit else None,
        kv_bits=single.KV_BITS[cache],
    )


def by_size(point: Point, p: Mapping[str, float]) -> Model | None:
    """A model that the catalogue lacks, by the parameters that a point of token generation or
    memory states; its dimensions are stood in for, which widens the interval."""
    total = point.number("params_b")
    if not total or not (point.metric.endswith(BY_SIZE) or point.metric in MEMORY):
        return None
    active = point.number("active_params_b") or total
    experts = int(p["model.experts_unknown"]), int(p["model.experts_active_unknown"])
    return Model(
        id=point.text("model") or "",
        vendor="unknown",
        tasks=(),
        model_class="llm",
        licence="unknown",
        languages=(),
        source=(),
        as_of="",
        params_b=total,
        active_params_b=active,
        architecture=Architecture("other", experts=experts[0], experts_active=experts[1])
        if active < total
        else None,
    )


def narrow_cache(cat: Catalogue, engine: str, precision: str) -> bool:
    """True where the engine keeps an 8-bit cache beside narrow weights unless told otherwise."""
    framework = cat.frameworks.get(engine)
    narrow = cat.precisions[precision].base in ("fp8", "nvfp4", "mxfp4")
    return narrow and framework is not None and NARROW_CACHE in framework.features


def circumstances(point: Point, device: Device) -> tuple[str, ...]:
    """Factors that only a measured point can tell: an old engine, no captured graphs."""
    found = []
    if (point.text("date") or "9") < MATURE:
        found.append(f"early.{device.vendor.lower()}")
    if "no_cuda_graph" in point.flags:
        found.append("eager")
    if "expert_parallel" in point.flags or (point.number("ep") or 1.0) > 1.0:
        found.append("expert_parallel")
    return tuple(found)


def case_of(
    point: Point,
    cat: Catalogue,
    table: SupportTable,
    model: Model,
    device: Device,
    count: int,
    engine: str,
    precision: str,
    p: Mapping[str, float],
) -> Case:
    """The stack of a point; where the layout is not stated it is the one that answers most."""
    load = load_of(point, p)
    if not point.text("precision_kv") and narrow_cache(cat, engine, precision):
        load = replace(load, kv_bits=8.0)

    def laid(tp: int, pp: int) -> Case:
        choice = single.observed(
            cat, table, model, device, engine, precision, (tp, pp), p, circumstances(point, device)
        )
        if "dp_attention" in point.flags:
            # Each device keeps the cache of its own share of the sequences, whatever the heads.
            choice = replace(choice, cell=replace(choice.cell, kv_shards=float(tp)))
        memory = sizing.ledger(SCALAR, choice.cell, load, p)
        replicas = max(count // (tp * pp), 1)
        held = load.concurrency / replicas if load.concurrency else None
        return Case(model, device, count, load, choice, memory, replicas, held)

    pp = int(point.number("pp", 1.0) or 1)
    if stated := point.number("tp", 1.0):
        tp = max(int(stated) // (device.chip_cores or 1), 1)
        if tp * pp > count:
            raise PointError(f"tp {stated:g} x pp {pp} needs more than the {count} devices")
        return laid(tp, pp)
    if not parallel(cat.frameworks.get(engine))[0]:
        return laid(1, count)
    if load.concurrency:
        return laid(max(count // pp, 1), pp)
    tried = [laid(tp, pp) for tp in (1, 2, 4, MACHINE) if tp * pp <= count and count % (tp * pp) == 0]
    fitting = [c for c in tried if c.memory.batch >= 1.0] or [laid(max(count // pp, 1), pp)]

    def answered(case: Case) -> float:
        best = sizing.capacity(SCALAR, case.choice.cell, load, case.memory, p)
        return float(best) * case.replicas

    return max(fitting, key=answered)


def in_flight(
    xp: Numeric, cell: Any, load: Load, mem: sizing.Memory, held: Any, p: Mapping[str, float]
) -> Any:
    """Sequences in flight on a replica: as stated, within memory; where not stated (None), as
    many as answer most requests."""
    if held is None:
        return sizing.operating(xp, cell, load, mem, p)[1]
    # What was measured ran, whatever the ledger says of it.
    return xp.maximum(xp.where(mem.batch < 1.0, held, xp.minimum(held, mem.batch)), 1.0)


def figures(
    xp: Numeric, cell: Any, load: Load, batch: Any, replicas: Any, p: Mapping[str, float]
) -> dict[str, Any]:
    """Every metric of the whole system, in the unit of its name, at `batch` sequences a replica."""
    t = sizing.times(xp, cell, load, batch, 0.0 * batch, p)
    rate = t.rate * replicas
    whole = batch * t.prefill + load.output_tokens * t.step
    return {
        "tpot_ms": t.per_output_token * 1e3,
        "ttft_ms": t.first_token * 1e3,
        "ttft_tail_ms": t.first_token_p95 * 1e3,
        "output_tok_s": rate * load.output_tokens,
        "total_tok_s": rate * (load.input_tokens + load.output_tokens),
        "req_s": rate,
        "decode_tok_s": replicas * batch / t.step,
        # An engine reads no prompt without what it does for each request.
        "prefill_tok_s": replicas * load.input_tokens / (cell.floor_seconds + t.prefill),
        ENERGY: energy_per_token(
            cell.watts, cell.tp * cell.pp * replicas, cell.power_fraction, rate * load.output_tokens
        ),
        "latency_ms": whole * 1e3,
        "latency_s": whole,
    }


PREDICTS = {"prefill_tok_s": "prefill", "tpot_ms": "step", "decode_tok_s": "step"}


def quantity(point: Point, case: Case) -> str:
    """What a metric tells of, as intervals are told apart."""
    if point.metric == "ttft_ms":
        return first_token(case.load.concurrency or math.inf)
    return PREDICTS.get(point.metric, "rate")


def spread(point: Point, case: Case) -> float:
    """p90 over p50 of a predicted figure."""
    return float(getattr(case.choice.cell, f"{quantity(point, case)}_spread"))


def figure(point: Point, case: Case, p: Mapping[str, float]) -> float:
    """The predicted figure of a point in its own unit and scope; of the slowest requests where the
    point is of those."""
    cell = case.choice.cell
    if not_read(point, case):
        raise PointError("faster than the peak of the devices: part of the prompt was not read")
    batch = in_flight(SCALAR, cell, case.load, case.memory, case.held, p)
    found = figures(SCALAR, cell, case.load, batch, case.replicas, p)
    tail = (point.text("stat") or "").lower() in TAILS
    value = float(found["ttft_tail_ms" if tail and point.metric == "ttft_ms" else point.metric])
    if tail and point.metric == "tpot_ms":
        value *= p["serving.token_tail"]
    if not value > 0.0:
        raise PointError("a figure of the device that the formula needs is not published")
    return value / case.count if point.text("per") == "device" and not timed(point.metric) else value


def not_read(point: Point, case: Case) -> bool:
    """True where the first token came before the devices can have read the prompt: it was cached."""
    cell: Any = case.choice.cell
    value, tokens = point.number("value"), case.load.input_tokens
    if point.metric != "ttft_ms" or not value or not cell.peak:
        return False
    work = prefill_flops(SCALAR, cell.active_params, tokens, cell.attention_width, cell.attended_tokens)
    # Game cards publish half of what they do with 16-bit sums.
    peak = cell.peak * cell.tp * (2.0 if case.device.name.startswith("GeForce") else 1.0)
    return bool(value / 1e3 < work / peak)


def timed(metric: str) -> bool:
    """True for times, which a device does not share."""
    return metric.endswith(("_ms", "_s")) and not metric.endswith(("tok_s", "req_s"))
