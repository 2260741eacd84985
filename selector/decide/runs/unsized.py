"""Runs whose memory no formula knows: images, sound, series, and fits of tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selector.decide import train
from selector.decide.cells import memory_bytes
from selector.decide.runs import images, machines, sized
from selector.decide.runs.kinds import classical, descends, from_scratch
from selector.decide.train_memory import states_bytes
from selector.types.catalog import Device, Model
from selector.types.estimate import Estimate
from selector.types.plan import TrainingPlan
from selector.types.training import TrainingRun

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption, Place
    from selector.decide.recommend import Run

WHOLE = {"tp": 1, "pp": 1, "cp": 1, "ep": 1}  # nothing is split
FINEST = ("object-detection", "segmentation")  # tasks of images at high resolution
SIZED = ("image", "audio")  # modalities with a batch of their own
FIT = "plan.classical_trial_hours"
UNKNOWN = ("tokens_per_s", "memory_gib", "device_hours", "wall_hours", "usd")


def plan(
    run: Run, option: ModelOption, method: str, served: tuple[Place, Device] | None, engine: str
) -> TrainingPlan | None:
    """A run or a fit; on the machines stated for it, or else where the model is served."""
    found = where(run, option, method, served)
    if found is None:
        return None
    place, device = found
    if classical(option):
        return _fit(run, option, method, place, device, engine)
    p = run.p
    many = run.req.data.training_examples or 0
    held = _held(run, option, place, device, many >= p["adaptation.examples_plenty"])
    count = held.count
    batch = int(p[f"plan.batch.{_batch(run, option)}"])
    rounds = p[epochs(option, method)]
    rent = rented(place, count)
    estimates = _images(run, option, device, count, many * rounds, rent)
    return TrainingPlan(
        frameworks=sized.libraries(run, option, method, device, engine, WHOLE),
        hardware=device.id,
        n_devices=count,
        offer=place.offer.id if place.offer else None,
        usd_per_hour=rent,
        strategy=held.strategy,
        layout=WHOLE,
        precision="bf16" if "bf16" in device.tflops_dense else "fp16",
        base_precision=None,
        seq_len=None,
        micro_batch=batch,
        accumulation=1,
        global_batch=batch * count,
        recompute="none",
        optimiser="sgd" if descends(option, run.req.application.task) else held.optimiser,
        epochs=rounds,
        examples=run.req.data.training_examples,
        steps=math.ceil(many * rounds / (batch * count)) if many else None,
        memory=None,
        estimates=estimates,
        checkpoint_hours=None,
        assumptions=(
            f"epochs: {rounds:g}",
            f"batch: {batch} examples a device; memory is not estimated: halve it until it fits, and "
            "accumulate",
            *_rest(run, option, device, estimates["device_hours"]),
        ),
        per_machine=_machine(place),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """Devices and how weights, gradients and states lie on them."""

    count: int
    strategy: str
    optimiser: str


def _held(run: Run, option: ModelOption, place: Place, device: Device, many: bool) -> _Held:
    """On one device, or on all of a machine where examples are many; states split over devices, or in
    8 bit, where a device does not hold them. Activations come on top and are not known."""
    most = _machine(place)
    usable = memory_bytes(device, run.p) * run.p["memory.usable_fraction"]
    weights = (option.model.params_b or 0.0) * 1e9 if option.model else 0.0
    needs = states_bytes(weights, run.req.adaptation.precision == "pure-bf16")
    count = most if many and device.kind == "gpu" else 1
    if needs <= usable:
        return _Held(count, "single" if count == 1 else "ddp", "adamw")
    if needs <= most * usable:
        return _Held(most, "zero3", "adamw")
    return _Held(most, "single" if most == 1 else "zero3", "adam8bit")


def _machine(place: Place) -> int:
    """Devices of one machine that may be used."""
    return max(min(place.available or place.count, place.count), 1)


def _batch(run: Run, option: ModelOption) -> str:
    if run.req.application.task in FINEST:
        return "fine"
    modality = run.cat.roles[option.role].modality
    return modality if modality in SIZED else "other"


def epochs(option: ModelOption, method: str) -> str:
    """Parameter with how often the examples are read."""
    kind = "vision" if option.role == "vision" else "other"
    return f"plan.epochs.{'scratch' if from_scratch(option, method) else kind}"


def where(
    run: Run, option: ModelOption, method: str, served: tuple[Place, Device] | None
) -> tuple[Place, Device] | None:
    """Place and device that train: of those stated the strongest that a library trains on, else where the
    model is served."""
    stated = run.axes.trainers
    if not stated:
        return served
    able = [x for x in stated if machines.can(run, option, method, x[1])]
    # The one with most arithmetic; where no library is known to train on any, that is a problem.
    return max(able or stated, key=lambda x: train.peak(x[1], TrainingRun("full", 1.0)))


def rented(place: Place, count: int) -> float | None:
    """USD an hour of so many devices; 0 for own ones, None where no price is known."""
    if place.usd_per_hour is not None:
        return place.usd_per_hour * math.ceil(count / max(place.count, 1))
    return 0.0 if place.available is not None else None


def _fit(
    run: Run, option: ModelOption, method: str, place: Place, device: Device, engine: str
) -> TrainingPlan:
    """A fit of all rows at once: trees, linear and other classical models."""
    rent = rented(place, 1)
    return TrainingPlan(
        frameworks=sized.libraries(run, option, method, device, engine, WHOLE),
        hardware=device.id,
        n_devices=1,
        offer=place.offer.id if place.offer else None,
        usd_per_hour=rent,
        strategy="single",
        layout=WHOLE,
        precision="fp32",
        base_precision=None,
        seq_len=None,
        micro_batch=None,
        accumulation=1,
        global_batch=None,
        recompute="none",
        optimiser="none",
        epochs=None,
        examples=run.req.data.training_examples,
        steps=None,
        memory=None,
        estimates=_fitted(run, rent),
        checkpoint_hours=None,
        assumptions=("a fit takes as long as `plan.classical_trial_hours` says (judgement)",),
        per_machine=1,
    )


def _fitted(run: Run, rent: float | None) -> dict[str, Estimate | None]:
    """Hours and money of a fit: what is judged to be usual, whatever the rows."""
    fit = run.cat.parameters[FIT]
    took = Estimate(fit.low, fit.value, fit.high, "h", FIT)
    usd = None if rent is None else took.scaled(rent, "USD", "training.cost")
    return dict.fromkeys(UNKNOWN) | {"device_hours": took, "wall_hours": took, "usd": usd}


def _images(
    run: Run, option: ModelOption, device: Device, count: int, many: float, rent: float | None
) -> dict[str, Estimate | None]:
    """Hours and money of so many images, as far as the operations of one are published."""
    found: dict[str, Estimate | None] = dict.fromkeys(UNKNOWN)
    model = pictured(run, option)
    middle = images.hours(model, device, many, run.p) if model else 0.0
    if model is None or not middle:
        return found
    own = run.cat.parameters[images.fraction(model, run.p)]
    down, up = (images.spread(*x, device, run.p) for x in ((own.value, own.high), (own.low, own.value)))
    took = Estimate(middle / down, middle, middle * up, "h", "training.image_seconds")
    found["device_hours"] = took
    found["wall_hours"] = took.scaled(1.0 / count, "h", "training.image_seconds")
    if rent is not None:
        found["usd"] = took.scaled(rent / count, "USD", "training.cost")
    return found


def pictured(run: Run, option: ModelOption) -> Model | None:
    """The model where the points behind the hours of images say something of it: not of detection."""
    return option.model if option.role == "vision" and run.req.application.task not in FINEST else None


def _rest(run: Run, option: ModelOption, device: Device, took: Estimate | None) -> tuple[str, ...]:
    """What the hours of images rest on."""
    if took is None or option.model is None:
        return ()
    own = run.cat.parameters[images.fraction(option.model, run.p)]
    other = "" if images.measured(device, run.p) else f"; the interval is wider for {device.id}"
    return (f"hours rest on {own.n} points: {own.note}{other}",)
