"""The training run of each candidate, worked out once for all that share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from selector.decide import people
from selector.decide.runs import machines, sized, unsized
from selector.types.catalog import Device
from selector.types.estimate import Estimate
from selector.types.plan import TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption, Place
    from selector.decide.recommend import Run


@dataclass(frozen=True, slots=True)
class Sized:
    """A run and the machine it is sized on; None where unknown."""

    plan: TrainingPlan | None
    machine: machines.Machine | None


NOTHING = Sized(None, None)


def trains(option: ModelOption) -> bool:
    """Whether weights of the option are trained here."""
    return option.api is None and people.trained(option.method)


def alone(run: Run, option: ModelOption) -> bool:
    """Whether the run follows from the model alone: formulas size it and choose its machine; else it is
    on what the model is served by."""
    return sized.dimensions(option, run.p) is not None


def of(run: Run, row: int) -> Sized:
    """The run of a candidate."""
    s = run.stacks
    model, cell = int(s.model[row]), int(s.cell[row])
    option = run.axes.models[model]
    if not trains(option):
        return NOTHING
    whole = alone(run, option)
    key = (model,) if whole else (model, int(s.place[row]), int(s.engine[row]))
    if key not in run.trained:
        run.trained[key] = _sized(run, option) if whole else _unsized(run, row, option, cell >= 0)
    return run.trained[key]


def one_run(plan: TrainingPlan | None) -> tuple[Estimate | None, Estimate | None]:
    """Hours from start to end and USD of one run or fit; own machines cost nothing more."""
    if plan is None:
        return None, None
    wall, usd = plan.estimates["wall_hours"], plan.estimates["usd"]
    if plan.usd_per_hour == 0.0:
        usd = Estimate.exact(0.0, "USD", "training.cost")
    return wall, usd


def served(run: Run, row: int) -> tuple[Place, Device] | None:
    """Where a candidate runs; None where a vendor runs it."""
    if int(run.stacks.cell[row]) < 0:
        return None
    return run.axes.places[int(run.stacks.place[row])], run.axes.devices[int(run.stacks.device[row])].device


def _sized(run: Run, option: ModelOption) -> Sized:
    found = sized.plan(run, sized.asked(run, option, option.method))
    return Sized(found[0], found[1].machine) if found else NOTHING


def _unsized(run: Run, row: int, option: ModelOption, own: bool) -> Sized:
    engine = run.axes.engines[int(run.stacks.engine[row])].id if own else ""
    return Sized(unsized.plan(run, option, option.method, served(run, row), engine), None)
