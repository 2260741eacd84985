"""Whether the machines that a stack is confined to can train its model, by method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from selector.decide import limits, train, train_memory, train_plan
from selector.decide.axes import Axes, ModelOption
from selector.decide.cells import memory_bytes, shape
from selector.estimate import training, training_memory
from selector.estimate.numeric import SCALAR
from selector.types.catalog import Device
from selector.types.requirement import Requirement
from selector.types.training import TrainingRun

# What a method costs in memory: a student and a model from raw text train all their weights.
COSTS_AS = {"distill": "full", "continued_pretrain": "pretrain"}
ALL_WEIGHTS = ("full", "pretrain")
GIB = 2.0**30
# What begins reasons of exclusion that nobody can waive.
DOES_NOT_FIT, NOT_OFFERED = "training does not fit", "training is not offered"
IMPOSSIBLE = (DOES_NOT_FIT, NOT_OFFERED)
TIMES = (2, 4, 8)  # devices that are tried where those at hand are too few


@dataclass(frozen=True, slots=True)
class Need:
    """What a run needs of a device and what that has, bytes; `chance` of 0 to 1 that it fits;
    `rate` in tokens per second of all devices. Of a run that no formula sizes, `total` is the least:
    weights, gradients and states."""

    total: float
    usable: float
    chance: float
    rate: float
    least: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """Devices that may train, with how many there are at most; None: rented as many as wanted."""

    devices: tuple[tuple[Device, int], ...] | None
    seq_len: float
    states: str
    p: Mapping[str, float]

    def fits(self, option: ModelOption, method: str) -> bool | None:
        """False where the run hardly fits any device with all that sharding and recomputation save;
        None where nobody can say."""
        found = [self.needs(option, method, d, n) for d, n in self.devices or ()]
        if not found or any(not f for f in found):
            return None
        least = self.p["training.fit_least_chance"]
        able = [need for needs in found for need in needs if need.chance >= least]
        return None if any(need.least for need in able) else bool(able)

    def rate(self, option: ModelOption, method: str) -> float:
        """Tokens per second of the fastest run that fits; 0 where none is known to."""
        found = [need for d, n in self.devices or () for need in self.needs(option, method, d, n)]
        return max((need.rate for need in found if need.total <= need.usable), default=0.0)

    def needs(self, option: ModelOption, method: str, device: Device, count: int) -> list[Need]:
        """The run with states on every device, and with states split; nothing where unknown."""
        model, method = option.model, COSTS_AS.get(method, method)
        known = train_plan.Wanted(method)
        if model is None or method not in train_plan.METHODS:
            return []
        usable = memory_bytes(device, self.p) * self.p["memory.usable_fraction"]
        if train_plan.refused(model, device, known):
            if not model.params_b or method not in ALL_WEIGHTS:
                return []
            total = train_memory.states_bytes(model.params_b * 1e9, self.states == "pure", "adam8bit") / count
            return [Need(total, usable, float(total <= usable), 0.0, True)]
        shp = shape(model, self.p)
        found = []
        for run in (self._run(method, count, kind) for kind in ("ddp", "zero3")[: 1 + (count > 1)]):
            held = train_memory.cell(shp, run, self.p)
            total, spread = float(training_memory.total_bytes(held)), float(held.memory_spread)  # type: ignore[arg-type]
            seconds = float(training.token_seconds(SCALAR, train.cell(shp, device, run, self.p)))
            found.append(Need(total, usable, limits.p_ok(total, spread, usable) or 0.0, count / seconds))
        return found

    def _run(self, method: str, count: int, sharding: str) -> TrainingRun:
        return TrainingRun(
            method=method,
            seq_len=self.seq_len,
            devices=count,
            base_bits=self.p["training.qlora_bits"] if method == "qlora" else 16.0,
            micro_batch=1.0,
            sharding=sharding if count > 1 else "ddp",
            recompute="full",
            states=self.states if method not in train.ADAPTERS else "mixed",
            keys=("tier.stock",),
        )


def room(axes: Axes, req: Requirement, assumed: frozenset[str], p: Mapping[str, float]) -> Room:
    """The machines that train, where some are stated for it, or else those of the places found: own
    ones, or those of a pinned count."""
    most: dict[str, int | None] = {}
    for place in axes.places:
        if place.device is not None:
            have = most.get(place.device, 0)
            most[place.device] = (
                None if have is None or place.available is None else max(have, place.available)
            )
    states = "pure" if req.adaptation.precision == "pure-bf16" else "mixed"
    by_id = {d.id: d.device for d in axes.devices}
    confined = [(by_id[d], n) for d, n in sorted(most.items(), key=lambda x: x[0]) if n is not None]
    whole = tuple(confined) if most and len(confined) == len(most) else None
    if axes.trainers:
        whole = tuple((device, place.available or place.count) for place, device in axes.trainers)
    # A length that nobody stated rules no machine out that shorter examples leave.
    stated = None if "adaptation.sequence_tokens" in assumed else req.adaptation.sequence_tokens
    length = stated or p["training.seq_len_least"]
    return Room(whole, float(length), states, p)


def why(room_: Room, option: ModelOption, method: str) -> str:
    """By how much the nearest device is short."""
    found = [
        (min(n.total - n.usable for n in needs), device, count)
        for device, count in room_.devices or ()
        if (needs := room_.needs(option, method, device, count))
    ]
    lacks, device, count = min(found, key=lambda x: x[0])
    return f"{count}x {device.id} lack {lacks / GIB:.1f} GiB a device"


def more(room_: Room, option: ModelOption, method: str) -> str:
    """The fewest devices, of a kind at hand and some times as many, that the run fits; empty where none."""
    for times in TIMES:
        for device, count in room_.devices or ():
            wider = replace(room_, devices=((device, count * times),))
            if wider.fits(option, method):
                return f"{count * times}x {device.id} that train instead of {count}x"
    return ""
