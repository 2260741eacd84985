"""A training run on devices: the numbers that its formulas need, and the factors that apply to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from selector.decide import tuning
from selector.decide.cells import Shape
from selector.estimate import training
from selector.estimate.numeric import SCALAR, Numeric
from selector.estimate.parameters import product
from selector.estimate.serving import expert_params
from selector.estimate.trace import TRACE, real
from selector.types.catalog import Device
from selector.types.training import TrainingCell, TrainingRun

ADAPTERS = frozenset({"lora", "qlora"})
WIDE = ("tf32", "fp32")
# Passes over the weights that sharding sends: forward, backward, and gradients where all are trained.
SENT = {"ddp": (0.0, 2.0), "zero1": (0.0, 2.0), "zero2": (0.0, 2.0), "zero3": (2.0, 1.0)}
MACHINE = 8
MOST_TP = 8
# Column of a cell -> parameter and the scale to its unit.
QUANTITIES = {
    "compute_fraction": ("training.compute_fraction", 1.0),
    "attention_fraction": ("training.attention_fraction", 1.0),
    "narrow_gain": ("training.narrow_gain", 1.0),
    "passes": ("training.value_bytes", 1.0),
    "layer_seconds": ("training.layer_us", 1e-6),
    "unpack_bytes": ("training.unpack_bytes", 1.0),
    "link_fraction": ("training.link_fraction", 1.0),
    "exchange_fraction": ("training.exchange_fraction", 1.0),
    "sparsity_exponent": ("training.sparsity_exponent", 1.0),
    "scale_loss": ("training.scale_loss", 1.0),
}
AT_LEAST_ONE = frozenset({"narrow_gain", "slack"})
FRACTIONS = frozenset(q for q in QUANTITIES if q.endswith("_fraction"))


def per_param(method: str) -> float:
    """Operations per active parameter and token: no gradients of weights that stay as they are."""
    return 4.0 if method in ADAPTERS else 6.0


def attention_width(shp: Shape) -> float:
    """Layers x heads x head dimension; layers x hidden where heads are not known."""
    return shp.width or shp.layers * shp.hidden


def model_flops(shp: Shape, run: TrainingRun) -> float:
    """Operations of a token as makers count them when they state TFLOPS or utilisation."""
    attention = training.attention_flops(attention_width(shp), run.seq_len, 0.0 if run.encoder else 1.0)
    return float(training.model_flops(shp.active, per_param(run.method), attention))


def narrow(run: TrainingRun, device: Device) -> str | None:
    """The format below 16 bit that products run in; None where the device has none."""
    if run.precision == "narrowest":
        return "narrowest" if {"fp8", "fp4"} & set(device.tflops_dense) else None
    if run.precision in ("nvfp4", "mxfp4"):
        return run.precision if "fp4" in device.tflops_dense else None
    if run.precision in ("fp8", "mxfp8", "int8"):
        return run.precision if "fp8" in device.tflops_dense or run.precision == "int8" else None
    return None


def keys(shp: Shape, device: Device, run: TrainingRun) -> tuple[str, ...]:
    """Names of the factors of a run; which of them change a parameter, the registry says."""
    found = [*run.keys, f"arch.{device.arch or device.id}", f"device.{device.family}"]
    if run.method in ADAPTERS:
        found.append("adapter")
    # Game cards publish a rate that they reach; work cards of the same chip more than their power allows.
    if device.name.startswith("GeForce"):
        found.append("geforce")
    if run.method == "qlora":
        found.append("qlora")
    found.append(f"link.{tuning.link(device, run.devices)}")
    if shp.total > 1.1 * shp.active:
        found.append("moe")
    if run.encoder:
        found.append("encoder")
    # Vector units reach more of their rate than matrix units of their many times higher one.
    if run.precision in WIDE and run.precision not in {"tf32"} & set(device.tflops_dense):
        found.append("vector_units")
    if name := narrow(run, device):
        found += ["precision.narrow", f"precision.{name}"]
    if not shp.known:
        found.append("dimensions_unknown")
    return tuple(found)


def peak(device: Device, run: TrainingRun) -> float:
    """Operations per second at 16 bit, or at 32 where the run is; 0 where nobody publishes it."""
    for name in (run.precision, "fp32") if run.precision in WIDE else ("bf16", "fp16"):
        if name in device.tflops_dense:
            return device.tflops_dense[name] * 1e12
    return 0.0


def groups(run: TrainingRun, p: Mapping[str, float]) -> tuple[float, float, float]:
    """Devices that work on the same tokens, tokens of their micro-step, micro-steps of a step."""
    together = real(run.tp * run.pp * run.cp)
    if run.global_batch:
        # Fewer sequences than devices: some share a sequence, whatever is stated.
        together = max(together, run.devices / run.global_batch)
    copies = max(run.devices / together, 1.0)
    share = run.global_batch / copies if run.global_batch else None
    micro = run.micro_batch
    if micro is None:
        micro = max(p["training.tokens_unstated"] / run.seq_len, 1.0)
        micro = min(micro, share) if share else micro
    return together, micro * run.seq_len, max(share / micro, 1.0) if share else p["training.steps_unstated"]


def cell(shp: Shape, device: Device, run: TrainingRun, p: Mapping[str, float]) -> TrainingCell:
    """The run as the formulas see it."""
    together, tokens, steps = groups(run, p)
    spread = together / run.pp  # devices that share a layer
    attention = training.attention_flops(attention_width(shp), run.seq_len, 0.0 if run.encoder else 1.0)
    each = per_param(run.method)
    again = 1.0 + 2.0 / each if run.recompute == "full" else 1.0
    looked_up = shp.embedding / 2.0 if shp.vocab and not _tied(shp) else 0.0
    computed = max(shp.active - looked_up, 0.5 * shp.active)
    names = keys(shp, device, run)
    gathered, gather_rate = _gathered(shp, device, run, tokens, steps, spread, p)
    exchanged, exchange_rate = _exchanged(shp, device, run, together, p)
    return TrainingCell(
        gemm_flops=each * computed * again,
        attention_flops=attention * (1.0 + 1.0 / 3.0 if run.recompute == "full" else 1.0),
        peak=peak(device, run),
        bandwidth=device.gb_per_s * 1e9 if device.gb_per_s else math.nan,
        width_bytes=shp.layers * shp.hidden * again,
        launches=shp.layers * spread / tokens,
        unpacked=shp.total * spread / tokens if run.base_bits < 8.0 else 0.0,
        updated=_updated(shp, run, tokens * steps, spread),
        gathered=gathered,
        gather_rate=gather_rate,
        exchanged=exchanged,
        exchange_rate=exchange_rate,
        sparsity=max(shp.total / shp.active, 1.0),
        bubble=1.0 + (run.pp - 1.0) / (steps * run.stages) if run.pp > 1 else 1.0,
        doublings=max(TRACE.log(run.devices / MACHINE) / math.log(2.0), 0.0),
        **tuned(names, p),
    )


def _tied(shp: Shape) -> bool:
    return shp.embedding <= 1.01 * shp.vocab * shp.hidden


def held_share(shp: Shape, ep: int | None) -> float:
    """Share of the weights that a device works on where experts are spread over `ep` devices."""
    if not ep or shp.experts <= 1.0:
        return 1.0
    each = expert_params(SCALAR, shp.total, shp.active, shp.experts, shp.experts_active)
    return real(1.0 - each * shp.experts * (1.0 - 1.0 / ep) / shp.total)


def _updated(shp: Shape, run: TrainingRun, tokens: float, spread: float) -> float:
    """Bytes of states that the optimizer reads and writes once a step, per token."""
    if run.method in ADAPTERS:
        return 0.0
    copies = max(run.devices / (spread * run.pp), 1.0) if run.sharding != "ddp" else 1.0
    return 28.0 * shp.total * spread / tokens / copies


def _gathered(
    shp: Shape,
    device: Device,
    run: TrainingRun,
    tokens: float,
    steps: float,
    spread: float,
    p: Mapping[str, float],
) -> tuple[float, float]:
    """Bytes of weights and gradients per token, and the rate of the link they take."""
    copies = run.devices / (spread * run.pp)
    if copies <= 1.0 or run.sharding is None:  # not stated: its cost is in the fraction of compute
        return 0.0, 1.0
    micro, step = SENT[run.sharding]
    trained = 0.0 if run.method in ADAPTERS else 1.0
    wide = 2.0 * shp.total * held_share(shp, run.ep) * spread * (copies - 1.0) / copies / tokens
    held = wide * run.base_bits / 16.0
    step_share = 1.0 if run.sharding == "zero3" else 1.0 / steps
    rate = tuning.link_rate(device, run.shards or run.devices, p)
    return held * micro + wide * step * trained * step_share, rate


def _exchanged(
    shp: Shape, device: Device, run: TrainingRun, together: float, p: Mapping[str, float]
) -> tuple[float, float]:
    """Bytes of partial sums and of tokens sent to experts, per token, and the rate of their link."""
    # Devices that must share a sequence split its layers, as far as the machine reaches.
    tp = max(run.tp, min(together / (run.pp * run.cp), MOST_TP))
    sums = 16.0 * shp.layers * shp.hidden * (tp - 1.0)
    if shp.experts <= 1.0:
        return sums, tuning.link_rate(device, run.tp, p)
    apart = run.ep or min(shp.experts, run.devices)
    domain = device.interconnect.domain if device.interconnect else 1
    # A token crosses the network once for each machine that holds experts of it.
    hops = min(shp.experts_active, apart / domain) if apart > domain > 1 else shp.experts_active
    routed = 8.0 * hops * shp.layers * shp.hidden * (apart - 1.0) / apart
    return sums + routed, tuning.link_rate(device, apart, p)


def device_hours(tokens: float, seconds: float, names: tuple[str, ...], p: Mapping[str, float]) -> float:
    """Device hours of a run that takes `seconds` a token."""
    goodput = min(product(p, "training.goodput", names), 1.0)
    return real(training.device_hours(tokens, seconds, goodput))


def tuned(names: tuple[str, ...], p: Mapping[str, float]) -> dict[str, float]:
    """Columns of a cell: what the run achieves; fractions of a peak are never above 1, and a
    narrower format never slows products down."""
    found = {}
    for column, (base, scale) in QUANTITIES.items():
        found[column] = capped(SCALAR, column, product(p, base, names) * scale)
    found["rate_spread"] = TRACE.exp(width("rate", names, p))
    return found


def capped(xp: Numeric, column: str, value: Any) -> Any:
    """A quantity within what is possible."""
    if column in AT_LEAST_ONE:
        return xp.maximum(value, 1.0)
    return xp.minimum(value, 1.0) if column in FRACTIONS else value


def kind(names: tuple[str, ...], hours: bool) -> str:
    """Group of an interval; hours of whole runs of mixtures of experts are too few to stand alone."""
    if "adapter" in names:
        return "adapter"
    return "moe" if "moe" in names and not hours else "dense"


def width(what: str, names: tuple[str, ...], p: Mapping[str, float]) -> float:
    """Logarithm of p90 over p50 of left-out points of the kind, by tier and architecture, wider for
    what the registry does not know."""
    value = p[f"training.width.{what}.{kind(names, what == 'hours')}"]
    for name in names:
        value *= p.get(f"training.width.{name}", 1.0)
    return value * doubt(names, p)


def doubt(names: tuple[str, ...], p: Mapping[str, float]) -> float:
    """Factor on an interval for a framework or an architecture without points, and unknown dimensions."""
    unknown = [n for n in names if n.startswith("arch.") and f"training.compute_fraction.{n}" not in p]
    if "submission" not in names and not listed("training.compute_fraction", names, p):
        unknown.append("framework")
    if "dimensions_unknown" in names:
        unknown.append("dimensions")
    return real(p["training.width.unlisted"] ** len(unknown))


def listed(base: str, names: tuple[str, ...], p: Mapping[str, float]) -> bool:
    """Whether the registry has a factor for the framework of a run."""
    return any(n.startswith("framework.") and f"{base}.{n}" in p for n in names)
