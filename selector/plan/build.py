"""The whole plan of one stack: methods, run, search, compression, lines, fragments, problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from selector.decide import law, people, situation
from selector.plan import (
    compress,
    fragments,
    lines,
    machines,
    methods,
    problems,
    retraining,
    search,
    training,
    unsized,
)
from selector.plan.kinds import CLASSICAL, MODALITY, backbone, from_scratch
from selector.types.catalog import Device
from selector.types.facts import of_device
from selector.types.plan import CompressionPlan, Plan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption, Place
    from selector.decide.recommend import Run
    from selector.types.decision import RankedStack


@dataclass(frozen=True, slots=True)
class Sized:
    """A run and the machine it is sized on; None where unknown."""

    plan: TrainingPlan | None
    machine: machines.Machine | None


def of(run: Run, row: int, stack: RankedStack) -> Plan:
    """The plan of a candidate that is shown as `stack`."""
    option = run.axes.models[int(run.stacks.model[row])]
    facts = {**law.facts(run, row), **situation.facts(run.req, run.assumed, run.p)}
    sized = _training(run, row, option)
    compression = compress.plan(run, row, stack)
    facts |= _facts(run, option, sized, compression)
    precision = run.axes.precisions[int(run.stacks.precision[row])].precision if compression else None
    if precision is not None and option.model is not None:
        facts["plan.published"] = compress.published(option, precision)
    space = lines.fired(run.cat, facts, spaces=True)
    found_space = search.space(space)
    classical = backbone(option) in CLASSICAL or option.role == "tabular"
    has = None
    if sized.plan is not None and found_space:
        facts |= {
            "plan.parameters": float(len(found_space)),
            "plan.grid_cells": float(search.cells(found_space)),
        }
        has = search.means(run, sized.plan, classical)
        if has is not None:
            facts |= {
                "plan.trials_paid": float(has.paid),
                "plan.parallel_trials": float(has.parallel),
                "plan.trial_hours": has.trial_hours,
            }
    told = (*lines.fired(run.cat, facts), *lines.of_points(run.cat, "compression", facts))
    chosen = next((x for x in told if x.settings.get("search")), None)
    looked = search.plan(run, has, found_space, chosen) if has and chosen else None
    anew = next((x for x in told if x.settings.get(retraining.PART)), None)
    again = retraining.plan(run, option, sized.plan, classical, anew) if anew else None
    every = (*told, *space)
    return Plan(
        stack=stack.label,
        method=option.method,
        methods=methods.rows(run, row, facts, sized.machine or _serving(run, row), sized.plan),
        training=sized.plan,
        search=looked,
        retraining=again,
        compression=compression,
        lines=every,
        fragments=fragments.of(option, precision, sized.plan, looked, compression, every),
        problems=problems.of(run, option, sized.plan, has, again),
    )


def _served(run: Run, row: int) -> tuple[Place, Device] | None:
    if int(run.stacks.cell[row]) < 0:
        return None
    return run.axes.places[int(run.stacks.place[row])], run.axes.devices[int(run.stacks.device[row])].device


def _serving(run: Run, row: int) -> machines.Machine | None:
    """The machine that serves, on which methods can be compared where nothing is trained."""
    served = _served(run, row)
    if served is None:
        return None
    place, device = served
    return machines.Machine(device, max(place.count, 1), place, place.usd_per_hour)


def _training(run: Run, row: int, option: ModelOption) -> Sized:
    if not people.trained(option.method) or option.api is not None:
        return Sized(None, None)
    found = training.plan(run, training.asked(run, option, option.method))
    if found is not None:
        return Sized(found[0], found[1].machine)
    if training.dimensions(option, run.p) is not None:
        return Sized(None, None)
    engine = run.axes.engines[int(run.stacks.engine[row])].id if int(run.stacks.cell[row]) >= 0 else ""
    return Sized(unsized.plan(run, option, option.method, _served(run, row), engine), None)


def _facts(
    run: Run, option: ModelOption, sized: Sized, compression: CompressionPlan | None
) -> dict[str, object]:
    """`plan.*` facts; the device is the one that trains where something is trained."""
    method = option.method
    trained = people.trained(method)
    found: dict[str, object] = {
        "plan.method": method.split("+")[0],
        "plan.trained": trained,
        "plan.modality": MODALITY.get(option.role, "text"),
        "plan.backbone": backbone(option),
        "plan.quantised": compression is not None and compression.method == "quantization",
        "plan.retrained": retraining.pace(run, option),
    }
    plan = sized.plan
    if plan is None:
        if not trained:
            # Nothing is trained: rules on how to train do not speak.
            found["plan.backbone"] = "other"
        return found
    found["plan.saved_by"] = "steps" if plan.checkpoint_hours else "epoch"
    found |= {
        "plan.from_scratch": from_scratch(option, method),
        "plan.devices": float(plan.n_devices),
        **({"plan.micro_batch": float(plan.micro_batch)} if plan.micro_batch else {}),
        "plan.strategy": plan.strategy,
        "plan.recompute": plan.recompute,
        "plan.optimiser": plan.optimiser,
        "plan.tensor": float(plan.layout["tp"]),
        "plan.pipeline": float(plan.layout["pp"]),
        "plan.expert": float(plan.layout["ep"]),
        "plan.context": float(plan.layout["cp"]),
    }
    wall = plan.estimates["wall_hours"]
    if wall is not None:
        found["plan.wall_hours"] = wall.p50
    found |= of_device(run.cat.devices[plan.hardware])
    return found
