"""Size one training run: memory ledger, tokens a second, hours and money, with printed defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from selector.decide import train, train_memory
from selector.decide.calibrated import Belief, Stack, basis, of_training, training_group
from selector.decide.cells import Shape, memory_bytes, shape
from selector.decide.limits import short_of
from selector.decide.prices import rent
from selector.estimate import training, training_memory
from selector.estimate.numeric import SCALAR
from selector.needs.tables import spelled
from selector.packs.catalog import Catalogue
from selector.types.catalog import ROLES, Device, Model
from selector.types.estimate import Estimate
from selector.types.training import TrainingMemoryCell, TrainingRun

GIB = 2.0**30
MACHINES = (2, 4, 8)
METHODS = ("pretrain", "full", "lora", "qlora")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user states of a run; None where nothing is."""

    method: str
    precision: str = "bf16"
    seq_len: int | None = None
    micro_batch: int | None = None
    global_batch: int | None = None
    strategy: str | None = None
    recompute: str | None = None
    framework: str | None = None
    tokens: float | None = None
    samples: float | None = None
    tp: int | None = None
    pp: int | None = None


@dataclass(frozen=True, slots=True)
class TrainingSizing:
    """Outcome for one run; `fits` None means that it cannot be said. Memory is GiB of a device."""

    model: str
    hardware: str
    n_devices: int
    run: TrainingRun | None
    fits: bool | None
    limits: tuple[str, ...]
    nearest: str | None = None
    memory: Mapping[str, float] | None = None
    estimates: Mapping[str, Estimate | None] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    usd_per_hour: float | None = None
    price_source: str | None = None


def size(cat: Catalogue, model: Model, device: Device, count: int, wanted: Wanted) -> TrainingSizing:
    """Size a run on `count` devices; what is not stated is chosen and named in `assumptions`."""
    p = {k: v.value for k, v in cat.parameters.items()}
    if reason := refused(model, device, wanted):
        return TrainingSizing(model.id, device.id, count, None, None, (reason,))
    if reason := unspread(count, wanted):
        return TrainingSizing(model.id, device.id, count, None, False, (f"layout: {reason}",))
    shp = shape(model, p)
    run, assumed = _run(shp, device, count, wanted, p)
    memory = ledger(shp, device, run, p)
    usd, source = rent(cat, device, count)
    fits = memory["total"] <= memory["usable"]
    limits = () if fits else (f"memory: {short_of(memory['total'] - memory['usable'])}",)
    group = training_group(run.keys, device.id, run.method, run.precision, model.family or model.id)
    width = train.width("rate", train.keys(shp, device, run), p)
    told = of_training(cat.measured, Stack(group, model.id, run.tp, run.pp), width, p)
    found = _estimates(shp, device, run, wanted, memory, usd, told, p)
    held = found["memory_gib"]
    if fits and held is not None and held.p90 > memory["usable"]:
        assumed.append("memory is tight: the upper end of its interval does not fit")
    if found["device_hours"] is None:
        assumed.append("hours and money are not known: state --tokens or --samples")
    nearest = None if fits else _nearest(shp, device, run, p)
    return TrainingSizing(
        model.id, device.id, count, run, fits, limits, nearest, memory, found, tuple(assumed), usd, source
    )


def refused(model: Model, device: Device, wanted: Wanted) -> str | None:
    """Why nothing can be said, or None."""
    if ROLES.get(model.model_class, "llm") != "llm":
        return f"{model.model_class} models are not estimated in training"
    if not model.params_b:
        return f"the parameters of {model.id} are not published"
    if (
        not train.peak(device, TrainingRun(wanted.method, 1.0, precision=wanted.precision))
        or not device.gb_per_s
    ):
        return f"the {wanted.precision} peak or the bandwidth of {device.id} is not published"
    if (wanted.tp or 1) * (wanted.pp or 1) > 1 and wanted.method == "qlora":
        return "QLoRA under tensor or pipeline parallelism is not estimated"
    return None


def unspread(count: int, wanted: Wanted) -> str | None:
    """Why so many devices cannot hold the split that is asked for, with what would do; or None."""
    tp, pp = wanted.tp or 1, wanted.pp or 1
    if count % (tp * pp):
        return (
            f"tp {tp} x pp {pp} splits a model over {tp * pp} devices, or a multiple of it, and there are "
            f"{count}: state --on with {tp * pp}, or a split that divides {count}"
        )
    copies = count // (tp * pp)
    step, micro = wanted.global_batch, wanted.micro_batch
    if step and (step % copies or (micro and step % (micro * copies))):
        each = f" of {micro}" if micro else ""
        return f"--global-batch {step} is no multiple of {copies} copies{each}: state one that is"
    if count == 1 and (wanted.strategy or "ddp") != "ddp":
        return f"{wanted.strategy} shards over devices and there is one: state more, or leave --strategy out"
    return None


def _run(
    shp: Shape, device: Device, count: int, wanted: Wanted, p: Mapping[str, float]
) -> tuple[TrainingRun, list[str]]:
    """The run with what is not stated filled in, and the list of it."""
    assumed = []

    def assume(name: str, value: str) -> None:
        assumed.append(f"{name}: {value}")

    length = float(wanted.seq_len or p["training.seq_len_unstated"])
    if wanted.seq_len is None:
        assume("sequence", f"{length:.0f} tokens")
    known = spelled("training", wanted.framework or "")
    tier = known[1] if known else "stock"
    if known is None:
        assume("framework", "one as published, not tuned to the device")
    sharding = {"fsdp": "zero3"}.get(wanted.strategy or "", wanted.strategy)
    if sharding is None:
        sharding = "ddp" if count == 1 or wanted.method in train.ADAPTERS else "zero1"
    ep = _experts(shp, device, count, wanted)
    if ep:
        assume("experts", f"spread over {ep} devices")
    run = TrainingRun(
        ep=ep,
        method=wanted.method,
        seq_len=length,
        devices=count,
        precision=wanted.precision,
        base_bits=p["training.qlora_bits"] if wanted.method == "qlora" else 16.0,
        micro_batch=float(wanted.micro_batch or max(p["training.tokens_unstated"] // length, 1.0)),
        global_batch=float(wanted.global_batch) if wanted.global_batch else None,
        tp=wanted.tp or 1,
        pp=wanted.pp or 1,
        sharding=sharding,
        recompute=wanted.recompute or "full",
        keys=(f"tier.{tier}", *((f"framework.{known[0]}",) if known else ())),
    )
    if wanted.strategy is None:
        # Optimizer states are always split; weights and gradients only where they must be.
        if sharding == "zero1" and _total(shp, replace(run, micro_batch=1.0), p) > _room(device, p):
            run = replace(run, sharding="zero3")
        assume("strategy", run.sharding or "ddp")
    if wanted.recompute is None:
        assume("activations", "all layers are computed again")
    if wanted.micro_batch is None:
        while run.micro_batch > 1.0 and _total(shp, run, p) > _room(device, p):  # type: ignore[operator]
            run = replace(run, micro_batch=max(run.micro_batch // 2.0, 1.0))  # type: ignore[operator]
        assume("micro-batch", f"{run.micro_batch:.0f} sequences")
    return run, assumed


def _experts(shp: Shape, device: Device, count: int, wanted: Wanted) -> int | None:
    """Devices that share the experts of a layer: those that a fast link joins; None without experts."""
    if shp.experts <= 1.0 or wanted.method in train.ADAPTERS:
        return None
    near = device.interconnect.domain if device.interconnect else 1
    return max(min(int(shp.experts), count // ((wanted.tp or 1) * (wanted.pp or 1)), near), 1)


def _room(device: Device, p: Mapping[str, float]) -> float:
    return memory_bytes(device, p) * p["memory.usable_fraction"]


def _total(shp: Shape, run: TrainingRun, p: Mapping[str, float]) -> float:
    return float(training_memory.total_bytes(train_memory.cell(shp, run, p)))


def ledger(shp: Shape, device: Device, run: TrainingRun, p: Mapping[str, float]) -> dict[str, float]:
    """GiB of one device by purpose; the reserve holds what the allocator leaves unused as well."""
    return purposes(train_memory.cell(shp, run, p), _room(device, p))


def purposes(c: TrainingMemoryCell, usable: float) -> dict[str, float]:
    """GiB of one device by purpose."""
    cell: Any = c
    parts = {
        "weights": cell.weights,
        "gradients": cell.gradients,
        "optimizer": cell.optimizer,
        "kv_cache": 0.0,
        "activations": training_memory.activation_bytes(c) + cell.opened,
    }
    total = training_memory.total_bytes(c)
    parts |= {"reserve": total - sum(parts.values()), "total": total, "usable": usable}
    return {name: value / GIB for name, value in parts.items()}


def _estimates(
    shp: Shape,
    device: Device,
    run: TrainingRun,
    wanted: Wanted,
    memory: Mapping[str, float],
    usd: float | None,
    told: Belief | None,
    p: Mapping[str, float],
) -> dict[str, Estimate | None]:
    names = train.keys(shp, device, run)
    cell = train.cell(shp, device, run, p)
    seconds = float(training.token_seconds(SCALAR, cell)) / (told.value.factor if told else 1.0)
    by = told.spread if told else math.exp(train.width("rate", names, p))
    tokens = wanted.tokens or (wanted.samples * run.seq_len if wanted.samples else None)
    rate = Estimate.around(1.0 / seconds, by, "tokens/s", "training.token_seconds", basis(told))
    held = train_memory.cell(shp, run, p)
    found: dict[str, Estimate | None] = {
        "tokens_per_s_per_device": rate,
        "tokens_per_s": rate.scaled(run.devices, "tokens/s", "training.token_seconds"),
        "device_hours": None,
        "wall_hours": None,
        "usd": None,
        "memory_gib": Estimate.around(
            memory["total"], float(held.memory_spread), "GiB", "training_memory.total"  # type: ignore[arg-type]
        ),
    }  # fmt: skip
    if tokens:
        # Whole runs at hand are mostly of benchmarks, and no hours are surer than their rate.
        spread = math.exp(max(train.width("hours", names, p), train.width("rate", names, p)))
        total = train.device_hours(tokens, seconds, names, p)
        hours = Estimate.around(total, spread, "h", "training.device_hours")
        found["device_hours"] = hours
        found["wall_hours"] = hours.scaled(1.0 / run.devices, "h", "training.wall_hours")
        if usd is not None:
            found["usd"] = hours.scaled(usd / run.devices, "USD", "training.cost")
    return found


def _nearest(shp: Shape, device: Device, run: TrainingRun, p: Mapping[str, float]) -> str | None:
    """The nearest change that fits: sharded states, one sequence at once, fewer bits, more devices."""
    tries = [("with sharded states (zero3)", replace(run, sharding="zero3"))] if run.devices > 1 else []
    tries.append(("with one sequence at once", replace(run, micro_batch=1.0)))
    if run.method == "lora":
        quantized = replace(run, method="qlora", base_bits=p["training.qlora_bits"], micro_batch=1.0)
        tries.append(("as QLoRA", quantized))
    for factor in MACHINES:
        more = replace(run, devices=run.devices * factor, sharding="zero3", micro_batch=1.0)
        tries.append((f"on {more.devices} devices with sharded states", more))
    room = _room(device, p)
    return next((f"fits {name}" for name, other in tries if _total(shp, other, p) <= room), None)
