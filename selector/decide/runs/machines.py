"""Where to train: own machines, or the cheapest offer on which the run ends in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import train, trainers
from selector.decide.runs.spreads import Hardware, Spread
from selector.types.catalog import Device
from selector.types.training import TrainingRun

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption, Place
    from selector.decide.recommend import Run

UNITS = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class Machine:
    """So many devices of a place with what they cost an hour together; 0 for own ones."""

    device: Device
    count: int
    place: Place
    usd_per_hour: float | None

    @property
    def hardware(self) -> Hardware:
        """What a run is spread over."""
        return Hardware(self.device, self.count, max(self.place.count, 1))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A machine, how the run is spread over it, and device hours of the whole run; nan where unknown."""

    machine: Machine
    spread: Spread
    device_hours: float

    @property
    def wall_hours(self) -> float:
        """Hours from start to end."""
        return self.device_hours / self.machine.count

    @property
    def usd(self) -> float:
        """Money of the run; nan where hours or price are not known."""
        rent = self.machine.usd_per_hour
        return math.nan if rent is None else self.wall_hours * rent


def choose(
    run: Run,
    option: ModelOption,
    method: str,
    size: Callable[[Hardware], Spread | None],
    hours: Callable[[Device, Spread], float],
) -> Chosen | None:
    """The cheapest machine that ends within `plan.wall_hours`, else the one that ends first; of own
    ones, which cost nothing more, as many devices as end within `plan.short_hours`. Where hours are not
    known, the one with most tokens for its money. One whose memory is tight only where none is not."""
    rented = run.p["plan.pretrain_wall_hours" if "pretrain" in method else "plan.wall_hours"]
    best: tuple[tuple[float, ...], Chosen] | None = None
    for place, device in places(run, option, method):
        limit = rented if place.available is None else run.p["plan.short_hours"]
        for machine in _counts(place, device, run.p["plan.joined_from"]):
            found = size(machine.hardware)
            if found is None:
                continue
            one = Chosen(machine, found, hours(device, found))
            key = _key(one, limit)
            if best is None or key < best[0]:
                best = key, one
            if not found.tight and (one.wall_hours <= limit or math.isnan(one.wall_hours)):
                break  # more devices cost more for less time than is asked for
    return best[1] if best else None


def _key(c: Chosen, limit: float) -> tuple[float, ...]:
    rent, tight = c.machine.usd_per_hour, float(c.spread.tight)
    if math.isnan(c.device_hours):
        return tight, 0.0, (rent or 0.0) / c.spread.rate, float(c.machine.count)
    late = c.wall_hours > limit
    money = 0.0 if math.isnan(c.usd) else c.usd
    return tight, float(late), c.wall_hours if late else money, float(c.machine.count)


def places(run: Run, option: ModelOption, method: str) -> list[tuple[Place, Device]]:
    """Places with devices that a library trains on: those stated for it, or else own ones and the
    cheapest for their rate.

    What may not serve the model may not train it either: the data would go there.
    """
    if run.axes.trainers:
        return [(q, d) for q, d in run.axes.trainers if can(run, option, method, d)]
    allowed = _allowed(run, option)
    devices = {d.id: d.device for d in run.axes.devices}
    found: dict[tuple[str, bool], tuple[float, Place, Device]] = {}
    for number, place in enumerate(run.axes.places):
        if number not in allowed:
            continue
        device = devices.get(place.device or "")
        if device is None or place.spot or (place.usd_per_hour is None and place.available is None):
            continue
        peak = train.peak(device, TrainingRun("full", 1.0))
        if not peak or not can(run, option, method, device):
            continue
        worth = (place.usd_per_hour or 0.0) / max(place.count, 1) / peak
        key = (device.id, place.available is not None)
        if key not in found or worth < found[key][0]:
            found[key] = (worth, place, device)
    ranked = sorted(found.values(), key=lambda x: (x[0], x[1].id))
    return [(place, device) for _, place, device in ranked[: int(run.p["plan.machines"])]]


def can(run: Run, option: ModelOption, method: str, device: Device) -> bool:
    """Whether the peak of a device is known and a library trains the model on it."""
    key = (method, option.role, device.id)
    if key not in run.able:
        known = trainers.frameworks(run.cat.frameworks.values(), method, option.role, device, "")
        run.able[key] = bool(train.peak(device, TrainingRun("full", 1.0)) and known)
    return run.able[key]


def _allowed(run: Run, option: ModelOption) -> set[int]:
    """Numbers of the places where no rule vetoes every candidate of the model."""
    import numpy as np

    if not run.open_places:
        run.open_places.append(_open(run))
    return {int(n) for n in np.nonzero(run.open_places[0][run.axes.models.index(option)])[0]}


def _open(run: Run) -> Any:
    """Bool table of models and places: whether a candidate is left that no rule vetoes."""
    import numpy as np

    gone = np.zeros(run.judge.groups, dtype=bool)
    for _, column in run.gates.vetoes:
        gone |= np.asarray(column)
    rows = np.nonzero(~gone[np.asarray(run.judge.group)])[0]
    found = np.zeros((len(run.axes.models), len(run.axes.places)), dtype=bool)
    found[run.stacks.model[rows], np.asarray(run.stacks.place)[rows]] = True
    return found


def _counts(place: Place, device: Device, joined_from: float) -> Iterator[Machine]:
    """From one device or unit up to what there is; small rented machines are not joined."""
    if place.available is not None:
        sizes = [n for n in UNITS if n < place.available] + [place.available]
        for n in sizes:
            yield Machine(device, n, place, 0.0)
        return
    for units in UNITS if place.count >= joined_from else UNITS[:1]:
        rent = None if place.usd_per_hour is None else place.usd_per_hour * units
        yield Machine(device, units * max(place.count, 1), place, rent)
