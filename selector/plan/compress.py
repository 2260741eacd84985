"""From the weights as published to those that are served: method, tool, what it keeps, how it is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selector.decide import quality, single
from selector.decide.runs.kinds import CLASSICAL, backbone
from selector.estimate.quality import examples_to_see
from selector.types.catalog import Metric, Precision
from selector.types.estimate import Estimate
from selector.types.plan import CompressionPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run
    from selector.types.decision import RankedStack

WIDE = ("bf16", "fp16", "fp32")
WHOLE = 16.0
OWN_SCORE = Metric(share_of="examples")  # where no metric is stated


def plan(run: Run, row: int, stack: RankedStack) -> CompressionPlan | None:
    """Compression of a stack that runs its own weights; None where a vendor runs them, and of trees."""
    s = run.stacks
    option = run.axes.models[int(s.model[row])]
    if int(s.cell[row]) < 0 or stack.slots.precision is None or backbone(option) in CLASSICAL:
        return None
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
        tool=_tool(run, option, precision, stack.slots.engine),
        calibration=_calibration(option, precision),
        recovery=kept,
        recovery_points=found.n if found else 0,
        recovery_source=found.source if found else "",
        speed=_speed(run, row, stack, option, precision),
        smaller=WHOLE / precision.bits_weights if precision.bits_weights < WHOLE else None,
        acceptance=_acceptance(run, option, precision),
    )


def published(option: ModelOption, precision: Precision) -> bool:
    """Whether the maker of the model publishes it in the format."""
    return option.model is not None and precision.id in option.model.checkpoints


def _method(option: ModelOption, precision: Precision) -> str:
    if option.method == "distill":
        return "distillation"
    return "none" if precision.id in WIDE else "quantization"


def _tool(run: Run, option: ModelOption, precision: Precision, engine: str | None) -> str | None:
    """What makes weights that the engine reads: its own tool for the format, else that of the format."""
    if precision.id in WIDE or (published(option, precision) and option.method in ("none", "prompt", "rag")):
        return None
    own = [x.tool for x in precision.engine_tools if engine in x.engines]
    alive = (
        t
        for t in own or precision.tools
        if t not in run.cat.frameworks or run.cat.frameworks[t].status == "active"
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


def _acceptance(run: Run, option: ModelOption, precision: Precision) -> str:
    """The test to run before the model is served, by as many examples as show the loss that is tolerated,
    whatever was published of the format; empty where nothing was made smaller."""
    if precision.id in WIDE and option.method != "distill":
        return ""
    p, need = run.p, run.req.quality
    loss = p["plan.worst_loss"]
    metric = run.cat.metrics[need.metric] if need.metric else OWN_SCORE
    kind = ("more errors" if metric.error else "more") if metric.lower_is_better else "less"
    floor = (
        f", and at {'most' if metric.lower_is_better else 'least'} {need.minimum:g}" if need.minimum else ""
    )
    against = "its teacher" if option.method == "distill" else "16 bit"
    shown = _number(metric, need.minimum, loss, p)
    return (
        f"{need.metric or 'the score of the own task'} on {shown}, against {against}: "
        f"at most {100.0 * loss:.1f} % {kind}{floor}; "
        f"hard cases ({run.cat.roles[option.role].hard_cases}) apart"
    )


def _number(metric: Metric, worst: float | None, loss: float, p: Mapping[str, float]) -> str:
    """How many of what are looked at; all there are where the metric is no share of them, so that nobody
    knows its spread beforehand."""
    if metric.share_of is None:
        return "all examples that were kept out of training"
    stated = worst if worst and worst < 1.0 else None
    if metric.lower_is_better:
        rate = stated or 1.0 - p["plan.score_unknown"]
        return f"{examples_to_see(rate, rate * (1.0 + loss)):,} {metric.share_of} of your own"
    score = stated or p["plan.score_unknown"]
    return f"{examples_to_see(score, score * (1.0 - loss)):,} of your own {metric.share_of}"
