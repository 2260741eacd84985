"""From the weights as published to those that are served: method, tool, what it keeps, how it is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.decide import quality, single
from selector.estimate.quality import examples_to_see
from selector.plan.kinds import MODALITY
from selector.types.catalog import Precision
from selector.types.estimate import Estimate
from selector.types.plan import CompressionPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run
    from selector.types.decision import RankedStack

WIDE = ("bf16", "fp16", "fp32")
WHOLE = 16.0
# What a mean over all examples hides, by what the model reads.
HARD = {
    "text": "long answers, numbers, tools",
    "image": "rare classes, small objects",
    "audio": "noise, accents, names and numbers",
}


def plan(run: Run, row: int, stack: RankedStack) -> CompressionPlan | None:
    """Compression of a stack that runs its own weights; None where a vendor runs them."""
    s = run.stacks
    if int(s.cell[row]) < 0 or stack.slots.precision is None:
        return None
    option = run.axes.models[int(s.model[row])]
    precision = run.axes.precisions[int(s.precision[row])].precision
    kv = stack.facts.get("kv_precision")
    found = None
    if precision.id not in WIDE:
        found = quality.recovery_row(run.cat, precision.id, option.model.params_b if option.model else None)
    kept = None
    if found is not None:
        kept = Estimate(
            min(found.p10, 1.0),
            min(found.p50, 1.0),
            min(found.p90, 1.0),
            "of the 16-bit score",
            "quality.recovery",
        )
    return CompressionPlan(
        method=_method(option, precision),
        precision=precision.id,
        kv_precision=str(kv) if kv else None,
        tool=_tool(run, option, precision),
        calibration=_calibration(option, precision),
        recovery=kept,
        recovery_points=found.n if found else 0,
        recovery_source=found.source if found else "",
        speed=_speed(run, row, stack, option, precision),
        smaller=WHOLE / precision.bits_weights if precision.bits_weights < WHOLE else None,
        acceptance=_acceptance(run, option, kept),
    )


def published(option: ModelOption, precision: Precision) -> bool:
    """Whether the maker of the model publishes it in the format."""
    return option.model is not None and precision.id in option.model.checkpoints


def _method(option: ModelOption, precision: Precision) -> str:
    if option.method == "distill":
        return "distillation"
    return "none" if precision.id in WIDE else "quantization"


def _tool(run: Run, option: ModelOption, precision: Precision) -> str | None:
    if precision.id in WIDE or (published(option, precision) and option.method in ("none", "prompt", "rag")):
        return None
    alive = (
        t for t in precision.tools if t not in run.cat.frameworks or run.cat.frameworks[t].status == "active"
    )
    return next(alive, None)


def _calibration(option: ModelOption, precision: Precision) -> str:
    if precision.id in WIDE:
        return "none"
    if published(option, precision) and option.method in ("none", "prompt", "rag"):
        return "none: the maker publishes the weights in this format"
    return precision.calibration or "as its tool asks for"


def _speed(
    run: Run, row: int, stack: RankedStack, option: ModelOption, precision: Precision
) -> Estimate | None:
    """Time of an output token in 16 bit over that in the format, on the same devices; None where 16
    bit does not fit there, or no formula knows."""
    lay, engine = stack.slots.layout, stack.slots.engine
    if precision.id in WIDE or option.role != "llm" or option.model is None or lay is None or not engine:
        return None
    device = run.axes.devices[int(run.stacks.device[row])].device
    times = []
    for names in ((precision.id,), WIDE[:2]):
        sized = single.size(
            run.cat,
            option.model,
            device,
            lay.tp * lay.pp,
            run.load,
            engines=(engine,),
            precisions=names,
            tp=lay.tp,
            pp=lay.pp,
        )
        found = sized.estimates.get("per_output_token_ms")
        room = sized.memory
        if found is None or room is None or room.weights > room.usable:
            return None
        times.append(found)
    narrow, wide = times
    return Estimate.around(wide.p50 / narrow.p50, narrow.p90 / narrow.p50, "x", "serving.per_output_token")


def _acceptance(run: Run, option: ModelOption, kept: Estimate | None) -> str:
    """The test to run before the format is served, with as many examples as show the loss."""
    p, need = run.p, run.req.quality
    if kept is None:
        return "none is needed in 16 bit; of a format that nobody measured, compare it with 16 bit"
    loss = max(1.0 - kept.p10, p["plan.worst_loss"])
    score = need.minimum if need.minimum and need.minimum < 1.0 else p["plan.score_unknown"]
    number = examples_to_see(loss, score)
    floor = f", and at least {need.minimum:g}" if need.minimum else ""
    metric = need.metric or "the score of the own task"
    return (
        f"{metric} on {number:,} of your own examples, against 16 bit: {100.0 * loss:.1f} % less at most"
        f"{floor}; hard cases ({HARD.get(MODALITY.get(option.role, ''), 'the rarest ones')}) apart"
    )
