"""What the estimator says of one measured point of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from selector.decide import train, train_memory
from selector.decide.cells import Shape, memory_bytes, shape
from selector.estimate import training, training_memory
from selector.estimate.numeric import SCALAR
from selector.iterate.measurements import TRAINING, Point, PointError
from selector.iterate.training_text import TOKENS, run_of
from selector.types.catalog import Architecture, Device, Model
from selector.types.training import TrainingCell, TrainingRun

# A name that stands for a model of another size stands for another model.
SAME_SIZE = 1.3
PER_TOKEN = "tokens_s"
BYTES = {"gpu_mem_gb": 1e9, "gpu_mem_gib": 2.0**30, "memory_gb": 1e9}
FITTING = ("fits", "min_devices")
MOST_DEVICES = 4096


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """A measured run: model, devices, and how it is trained."""

    name: str
    shape: Shape
    device: Device | None
    run: TrainingRun


Find = Callable[[str], Model]


def case_of(
    point: Point, find: Find, device: Callable[[Point], Device], p: Mapping[str, float]
) -> TrainingCase:
    """The run of a point; raises `PointError` with the reason where it cannot be told."""
    model = model_of(point, find)
    run = run_of(point, dict(p))
    needed = point.metric in TRAINING or point.metric in FITTING
    runs_on = device(point) if needed else None
    if runs_on and runs_on.chip_cores:
        run = replace(run, tp=max(run.tp // runs_on.chip_cores, 1))
    return TrainingCase(model.id, shape(model, p), runs_on, run)


def model_of(point: Point, find: Find) -> Model:
    """The model of the catalogue where the name is one of it, else what the point says of its size."""
    name = point.text("model")
    if name is None:
        raise PointError("model is missing")
    total, active = point.number("params_b", 1e-6), point.number("active_params_b", 1e-6)
    try:
        known = find(name)
        if known.params_b and (not total or 1 / SAME_SIZE < total / known.params_b < SAME_SIZE):
            return known
        reason = f"{name} has another size in the catalogue" if known.params_b else f"{name} has no size"
    except PointError as why:
        reason = str(why)
    if not total:
        raise PointError(f"{reason}, and params_b is missing")
    if active and active > total:
        raise PointError(f"active_params_b is impossible: {active} of {total}")
    return Model(
        name, "", (), "llm", "", (), (), "", params_b=total, active_params_b=active,
        architecture=Architecture(attention="other"),
    )  # fmt: skip


def cell_of(case: TrainingCase, p: Mapping[str, float]) -> TrainingCell:
    """The numbers of a case; raises `PointError` where the device publishes too few."""
    assert case.device is not None
    found = train.cell(case.shape, case.device, case.run, p)
    if not found.peak or math.isnan(float(found.bandwidth)):  # type: ignore[arg-type]
        raise PointError(
            f"the {case.run.precision} peak or the bandwidth of {case.device.id} is not published"
        )
    return found


def rate_of(point: Point, case: TrainingCase) -> float:
    """What one over the seconds of a token is multiplied with to give the figure of a point."""
    assert case.device is not None
    metric, run = point.metric, case.run
    if metric == "tok_s_per_device":
        return 1.0
    if metric == "samples_s":
        return run.devices / (1.0 if point.text("unit") == PER_TOKEN else run.seq_len)
    work = train.model_flops(case.shape, run)
    return work / 1e12 if metric == "tflops_per_device" else work / train.peak(case.device, run)


def tokens_of(point: Point, run: TrainingRun) -> float:
    """Tokens that a whole run reads; raises `PointError` where nobody says how many."""
    if stated := point.number("tokens_total", 1.0):
        return stated
    samples = point.number("samples_to_target")
    if samples is None:
        raise PointError("neither tokens_total nor samples_to_target is stated")
    if samples >= TOKENS:
        return samples
    if point.number("seq_len", 1.0) is None:
        raise PointError("seq_len is missing, so the work of a sample is not known")
    return samples * run.seq_len


def figure(point: Point, case: TrainingCase, p: Mapping[str, float]) -> tuple[float, float]:
    """The predicted figure of a point in its unit, and p90 over p50."""
    assert case.device is not None
    names = train.keys(case.shape, case.device, case.run)
    cell = cell_of(case, p)
    seconds = float(training.token_seconds(SCALAR, cell))
    if point.metric != "device_hours":
        return rate_of(point, case) / seconds, float(cell.rate_spread)  # type: ignore[arg-type]
    hours = train.device_hours(tokens_of(point, case.run), seconds, names, p)
    return hours, math.exp(train.width("hours", names, p))


def is_training(point: Point) -> bool:
    """True for a point of memory that is about training."""
    return (point.text("method") or "inference") != "inference"


def share_of(point: Point, case: TrainingCase) -> float:
    """The figure of a point of memory over the bytes of one device."""
    devices = case.run.devices if (point.text("value_scope") or "").startswith("sum") else 1
    return devices / BYTES[point.metric]


def memory(point: Point, case: TrainingCase, p: Mapping[str, float]) -> tuple[float, float]:
    """The predicted memory of a point in its unit and scope, and p90 over p50."""
    if point.metric not in BYTES:
        raise PointError(f"{point.metric} of training is not estimated")
    cell = train_memory.cell(case.shape, case.run, p)
    held = float(training_memory.total_bytes(cell)) * share_of(point, case)
    return held, float(cell.memory_spread)  # type: ignore[arg-type]


def fits(case: TrainingCase, p: Mapping[str, float]) -> bool:
    """Whether the expected memory of a device is within what can be used of it."""
    assert case.device is not None
    fraction = "memory.unified_fraction" if case.device.unified_memory else "memory.usable_fraction"
    room = memory_bytes(case.device, p) * p[fraction]
    if not room:
        raise PointError("memory of the device is not known")
    return float(training_memory.total_bytes(train_memory.cell(case.shape, case.run, p))) <= room


def least_devices(case: TrainingCase, p: Mapping[str, float]) -> float:
    """Fewest devices, doubling, whose memory holds the run; raises `PointError` where none do."""
    devices = case.run.tp * case.run.pp * case.run.cp
    while devices <= MOST_DEVICES:
        sharding = case.run.sharding or "zero3"
        if fits(replace(case, run=replace(case.run, devices=devices, sharding=sharding)), p):
            return float(devices)
        devices *= 2
    raise PointError(f"does not fit {MOST_DEVICES} devices")
