"""The whole plan of one stack: methods, run, search, compression, lines, fragments, problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.decide import law, people, situation
from selector.decide.runs import anew, chosen, machines
from selector.decide.runs.kinds import backbone, from_scratch
from selector.plan import (
    compress,
    fragments,
    lines,
    methods,
    problems,
    retraining,
    search,
)
from selector.types.facts import of_device
from selector.types.plan import CompressionPlan, Plan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run
    from selector.types.decision import RankedStack


def of(run: Run, row: int, stack: RankedStack) -> Plan:
    """The plan of a candidate that is shown as `stack`."""
    option = run.axes.models[int(run.stacks.model[row])]
    facts = {**law.facts(run, row), **situation.facts(run.req, run.assumed, run.p)}
    sized = chosen.of(run, row)
    compression = compress.plan(run, row, stack)
    facts |= _facts(run, option, sized, compression)
    precision = run.axes.precisions[int(run.stacks.precision[row])].precision if compression else None
    if precision is not None and option.model is not None:
        facts["plan.published"] = compress.published(option, precision)
    space = lines.fired(run.cat, facts, spaces=True)
    found_space = search.space(space)
    has = None
    if sized.plan is not None and found_space:
        facts |= {
            "plan.parameters": float(len(found_space)),
            "plan.grid_cells": float(search.cells(found_space)),
        }
        has = search.means(run, sized.plan, _paid(stack))
        if has is not None:
            facts |= {
                "plan.trials_paid": float(has.paid),
                "plan.parallel_trials": float(has.parallel),
                "plan.trial_hours": has.trial_hours,
            }
    told = (*lines.fired(run.cat, facts), *lines.of_points(run.cat, "compression", facts))
    picked = next((x for x in told if x.settings.get("search")), None)
    looked = search.plan(run, has, found_space, picked) if has and picked else None
    line = next((x for x in told if anew.way(x.settings)), None)
    again = retraining.plan(run, option, sized.plan, line) if line else None
    every = (*told, *space)
    tool = run.cat.frameworks.get(compression.tool or "") if compression else None
    recipe = tool.recipe if tool else None
    return Plan(
        stack=stack.label,
        method=option.method,
        methods=methods.rows(run, row, facts, sized.machine or _serving(run, row), sized.plan),
        training=sized.plan,
        search=looked,
        retraining=again,
        compression=compression,
        lines=every,
        fragments=fragments.of(option, precision, sized.plan, looked, compression, every, recipe),
        problems=problems.of(run, option, sized.plan, has, again),
    )


def _serving(run: Run, row: int) -> machines.Machine | None:
    """The machine that serves, on which methods can be compared where nothing is trained."""
    served = chosen.served(run, row)
    if served is None:
        return None
    place, device = served
    return machines.Machine(device, max(place.count, 1), place, place.usd_per_hour)


def _facts(
    run: Run, option: ModelOption, sized: chosen.Sized, compression: CompressionPlan | None
) -> dict[str, object]:
    """`plan.*` facts; the device is the one that trains where something is trained."""
    method = option.method
    trained = people.trained(method)
    found: dict[str, object] = {
        "plan.method": method.split("+")[0],
        "plan.trained": trained,
        "plan.modality": run.cat.roles[option.role].modality,
        "plan.backbone": backbone(option),
        "plan.quantised": compression is not None and compression.method == "quantization",
        "plan.retrained": anew.pace(run, option),
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


def _paid(stack: RankedStack) -> float:
    """USD that the stack asks for at the start, its first training run among them."""
    found = stack.estimates["upfront_usd"]
    return found.p50 if found else 0.0
