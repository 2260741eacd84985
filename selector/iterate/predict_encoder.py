"""What the estimator says of one measured point of a model that does not stream tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selector.decide import cells, passes, single
from selector.estimate import encoder
from selector.estimate.numeric import SCALAR, Numeric
from selector.iterate.measurements import Point, PointError
from selector.needs.names import compact
from selector.needs.tables import alias
from selector.packs.catalog import Catalogue
from selector.types.catalog import Device, Model, Published

METRICS = ("req_s", "output_tok_s", "latency_ms", "latency_s")
ESTIMATED = frozenset({"encoder", "embedding", "reranker", "vision", "speech", "diffusion"})
UNRELIABLE = "precision_field_unreliable"
STEPS = "value_is_unet_steps_per_s"
CIRCUMSTANCES = ("power_limited",)
FORM = re.compile(r"fp4|fp8|int8|int4|bf16|fp16|tf32|fp32|f16|f32|float32|float16|bfloat16")
# What benchmark entries compute in where they do not say; frameworks run what they are given.
USUAL = {"diffusion": "fp8", "speech": "fp16"}
AS_STATED = re.compile(r"onnx|torch|tensorflow", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """A measured stack of a one-pass model: how many devices, each with which batch."""

    model: Model
    device: Device
    count: int
    engine: str
    form: str
    batch: float
    item: passes.Item
    also: tuple[str, ...]
    served: bool  # requests come when they like, within a limit on latency
    published: Published | None = None  # a time of one pass that the source of the model states


def case_of(
    point: Point, cat: Catalogue, model: Model, device: Device, count: int, p: Mapping[str, float]
) -> Case:
    """The stack of a point; raises `PointError` where it cannot be told."""
    role = passes.role_of(model)
    if role not in ESTIMATED:
        raise PointError(f"time of {model.model_class} models follows from no published figure")
    if point.metric not in METRICS:
        raise PointError(f"{point.metric} of {model.model_class} models is not estimated")
    stated = point.number("concurrency_or_batch", 1.0)
    scenario = point.text("scenario")
    batch = stated or (1.0 if scenario == "single_stream" else p["encoder.batch_offline"])
    return Case(
        model,
        device,
        count,
        engine_of(point.text("engine") or "", cat),
        form_of(point, role),
        batch,
        item_of(point, role),
        tuple(c for c in CIRCUMSTANCES if c in point.flags),
        scenario == "online" and not stated,
        cat.published(model),
    )


def item_of(point: Point, role: str) -> passes.Item:
    """What one item of a point is."""
    if STEPS in point.flags:
        return passes.Item(steps=1.0)
    if role == "speech":
        seconds = point.number("audio_seconds")
        if seconds is None and point.metric.startswith("latency"):
            raise PointError("length of the audio is not stated (audio_seconds)")
        if point.metric == "output_tok_s" and not point.number("output_tokens"):
            raise PointError("output_tokens is missing")
        return passes.Item(seconds=seconds, output_tokens=point.number("output_tokens"))
    px = point.number("img_size")
    steps = point.number("steps")
    return passes.Item(tokens=point.number("input_tokens"), px=px, steps=steps)


def form_of(point: Point, role: str) -> str:
    """Arithmetic format of a point: the narrowest that is named, 8 bit where benchmarks leave it out."""
    text = (point.text("precision_weights") or point.text("precision") or "").lower()
    behind = re.search(r"with (\w+) matmul", text)
    named = [alias("precision", f) or f for f in FORM.findall(behind[1] if behind else text)]
    unsaid = UNRELIABLE in point.flags and not AS_STATED.search(point.text("engine") or "")
    if text.startswith("unstated") or unsaid:
        return USUAL.get(role, "int8")
    if not named:
        if text:
            raise PointError(f"precision {text} is not in the catalogue")
        return "fp16"
    narrowest: str = min(named, key=lambda f: (passes.BITS[f], f))
    return narrowest


def engine_of(text: str, cat: Catalogue) -> str:
    """The engine that a name holds, such as PyTorch in `Vanilla PyTorch (2.1.0)`; else the generic one."""
    whole = compact(text)
    held = [i for i in cat.frameworks if len(compact(i)) > 3 and compact(i) in whole]
    return max(held, key=len) if held else single.GENERIC


def columns(case: Case, p: Mapping[str, float]) -> passes.Pass:
    """The stack as the formulas see it; raises `PointError` where a figure is missing."""
    shp = cells.shape(case.model, p)
    bits = passes.BITS[case.form]
    found = passes.make(
        case.model,
        shp,
        case.device,
        case.engine,
        case.form,
        bits,
        case.item,
        p,
        case.also,
        case.published,
    )
    for what in ("flops", "peak", "bandwidth"):
        if not getattr(found, what) > 0.0:
            whose = case.model.id if what == "flops" else case.device.id
            name = {"flops": "operations of an item", "peak": f"peak in {case.form}"}.get(what, what)
            raise PointError(f"{name} of {whose} is not published")
    return found


def figures(xp: Numeric, c: Any, batch: Any, count: Any, served: Any, tokens: Any) -> dict[str, Any]:
    """Every metric, in the unit of its name; `tokens` are those that an item puts out."""
    seconds = encoder.batch_seconds(xp, c, batch)
    rate = count * encoder.items_per_second(xp, c, batch) * xp.where(served, c.served_fraction, 1.0)
    return {
        "req_s": rate,
        "output_tok_s": rate * tokens,
        "latency_ms": seconds * 1e3,
        "latency_s": seconds,
    }


def figure(point: Point, case: Case, p: Mapping[str, float]) -> tuple[float, float]:
    """The predicted figure of a point in its own unit, and p90 over p50."""
    c = columns(case, p)
    count = 1 if point.text("per") == "device" else case.count
    tokens = case.item.output_tokens or 1.0
    found = figures(SCALAR, c, case.batch, count, case.served, tokens)
    return float(found[point.metric]), c.latency_spread if "latency" in point.metric else c.rate_spread


def predict(
    point: Point, cat: Catalogue, model: Model, device: Device, count: int, p: Mapping[str, float]
) -> tuple[float, float]:
    """The predicted figure of a point, and p90 over p50; raises `PointError`."""
    return figure(point, case_of(point, cat, model, device, count, p), p)
