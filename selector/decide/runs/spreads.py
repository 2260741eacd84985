"""The fastest way to spread one run over devices that hold it: sharding, parallelism, micro-batch.

Every way is sized by the formulas of training and of its memory (`decide/train*.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from selector.decide import limits, train, train_memory, train_plan
from selector.decide.cells import Shape, memory_bytes
from selector.estimate import training, training_memory
from selector.estimate.numeric import SCALAR
from selector.types.catalog import Device
from selector.types.training import TrainingRun

RECOMPUTE = ("none", "selective", "full")
SPLITS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is trained how; sizes of batches are sequences, lengths tokens."""

    method: str  # pretrain | full | lora | qlora, as the formulas count it
    seq_len: float
    global_batch: int
    states: str = "mixed"
    encoder: bool = False
    keys: tuple[str, ...] = ("tier.stock",)


@dataclass(frozen=True, slots=True)
class Hardware:
    """Devices of a run, and how many of them stand in one machine."""

    device: Device
    count: int
    per_machine: int

    @property
    def near(self) -> int:
        """Devices that reach each other over fast links: tensors and experts are split over no more."""
        linked = self.device.interconnect.domain if self.device.interconnect else 1
        return min(linked, self.per_machine)


@dataclass(frozen=True, slots=True)
class Spread:
    """A run that fits: tokens a second of all devices, GiB of one by purpose, and p90 over p50."""

    run: TrainingRun
    rate: float
    memory: Mapping[str, float]
    memory_spread: float

    @property
    def tight(self) -> bool:
        """Whether the upper end of the memory does not fit."""
        return self.memory["total"] * self.memory_spread > self.memory["usable"]


def fastest(shp: Shape, on: Hardware, wish: Wish, p: Mapping[str, float]) -> Spread | None:
    """The fastest spread that fits, the simplest of those within `plan.simpler`; None where none fits
    or the device's rates are not published.

    Each takes batches that surely fit where there are some, else what fits by the middle of its memory.
    After them come splits of long sequences, then what may fit; the plan says where memory is tight.
    """
    device = on.device
    if not train.peak(device, TrainingRun(wish.method, 1.0)) or not device.gb_per_s:
        return None
    ways = list(_ways(shp, on, wish, p))
    sure = p["plan.fit_chance"]
    best: Spread | None = None
    for run in ways:
        found = _placed(shp, device, run, p, sure) or _placed(shp, device, run, p, limits.MIDDLE)
        if found and (best is None or found.rate > best.rate * p["plan.simpler"]):
            best = found
    if best is not None:
        return best
    long = (_placed(shp, device, run, p, limits.MIDDLE) for run in _by_context(on, wish, p))
    least = p["training.fit_least_chance"]
    perhaps = (_placed(shp, device, replace(run, micro_batch=1.0), p, least) for run in ways)
    return next((found for found in chain(long, perhaps) if found), None)


def _ways(shp: Shape, on: Hardware, wish: Wish, p: Mapping[str, float]) -> Iterator[TrainingRun]:
    """Ways from the simplest on; tensors stay inside a machine."""
    count = on.count
    adapters = wish.method in train.ADAPTERS
    if count == 1 and not adapters:
        yield _run(shp, on, wish, "ddp", 1, 1, p)
        yield replace(_run(shp, on, wish, "ddp", 1, 1, p), optimizer="adam8bit")
        return
    for sharding in ("ddp", "zero3") if adapters else ("ddp", "zero1", "zero2", "zero3"):
        if count > 1 or sharding == "ddp":
            yield _run(shp, on, wish, sharding, 1, 1, p)
    if wish.method != "pretrain":  # libraries for tuning do not split layers
        return
    inside = [tp for tp in SPLITS if tp <= min(on.near, count)]
    for tp in inside:
        if count % tp == 0:
            yield _run(shp, on, wish, "zero1", tp, 1, p)
    for pp in SPLITS if inside else ():
        tp = inside[-1]
        if count % (tp * pp) == 0 and shp.layers % pp == 0:
            yield _run(shp, on, wish, "zero1", tp, pp, p)


def _by_context(on: Hardware, wish: Wish, p: Mapping[str, float]) -> Iterator[TrainingRun]:
    for cp in SPLITS:
        if on.count % cp == 0 and cp <= on.count:
            yield replace(_run(None, on, wish, "zero3", 1, 1, p), cp=cp, micro_batch=1.0)


def _run(
    shp: Shape | None,
    on: Hardware,
    wish: Wish,
    sharding: str,
    tp: int,
    pp: int,
    p: Mapping[str, float],
) -> TrainingRun:
    copies = max(on.count // (tp * pp), 1)
    each = max(wish.global_batch // copies, 1)
    sparse = shp is not None and shp.experts > 1.0 and wish.method not in train.ADAPTERS
    apart = max(min(int(shp.experts), copies, on.near), 1) if shp is not None and sparse else None
    return TrainingRun(
        method=wish.method,
        seq_len=wish.seq_len,
        devices=on.count,
        base_bits=p["training.qlora_bits"] if wish.method == "qlora" else 16.0,
        micro_batch=float(min(max(int(p["training.tokens_unstated"] // wish.seq_len), 1), each)),
        global_batch=float(max(wish.global_batch, copies)),
        tp=tp,
        pp=pp,
        ep=apart,
        sharding=sharding,
        states=wish.states if wish.method not in train.ADAPTERS else "mixed",
        encoder=wish.encoder,
        keys=wish.keys,
    )


def _placed(
    shp: Shape, device: Device, run: TrainingRun, p: Mapping[str, float], least: float
) -> Spread | None:
    """With the micro-batch, and as little computed again as that leaves room for, that is fastest of
    those that fit with at least such a chance."""
    room = memory_bytes(device, p) * p["memory.usable_fraction"]
    # What prepares a base of few bits for training computes every layer again, whatever room there is.
    always = p.get(f"training.recomputed_least.{run.method}", 0.0) == 1.0
    micro = run.micro_batch or 1.0
    best: Spread | None = None
    held_anyway = sum(train_memory.states(shp, train_memory.embeddings(shp, p), run))
    if least >= limits.MIDDLE and held_anyway > room:
        return None  # no batch makes room for weights and states
    while micro >= 1.0:
        for again in RECOMPUTE[-1:] if always else RECOMPUTE:
            tried = replace(run, micro_batch=micro, recompute=again)
            held = train_memory.cell(shp, tried, p)
            spread = float(held.memory_spread)  # type: ignore[arg-type]
            if (limits.p_ok(float(training_memory.total_bytes(held)), spread, room) or 0.0) >= least:
                cell = train.cell(shp, device, tried, p)
                rate = run.devices / float(training.token_seconds(SCALAR, cell))
                if best is None or rate > best.rate:
                    best = Spread(tried, rate, train_plan.ledger(shp, device, tried, p), spread)
                break
        micro //= 2.0
    return best
