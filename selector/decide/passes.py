"""Models that do not stream tokens as the formulas see them: work of an item, and what is achieved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from selector.decide.cells import Shape
from selector.estimate import encoder
from selector.estimate.numeric import SCALAR, Numeric
from selector.estimate.parameters import achieved, product
from selector.estimate.trace import real
from selector.types.catalog import ROLES, Device, Model, Precision, Published

# Column -> parameter and the scale to seconds or fractions.
QUANTITIES = {
    "compute_fraction": ("encoder.compute_fraction", 1.0),
    "bandwidth_fraction": ("encoder.bandwidth_fraction", 1.0),
    "launch_seconds": ("encoder.launch_us", 1e-6),
    "served_fraction": ("encoder.served_fraction", 1.0),
}
FRACTIONS = frozenset(q for q in QUANTITIES if q.endswith("_fraction"))
TEXT = frozenset({"encoder", "embedding", "reranker"})
SPEECH = frozenset({"speech", "tts"})
# Arithmetic format -> where its rate stands in the facts of a device, best first.
RATES = {
    "fp4": ("fp4", "fp8", "int8", "bf16", "fp16"),
    "fp8": ("fp8", "int8", "bf16", "fp16"),
    "int8": ("int8", "fp8", "bf16", "fp16"),
    "int4": ("int8", "bf16", "fp16"),
    "bf16": ("bf16", "fp16", "fp32"),
    "fp16": ("fp16", "bf16", "fp32"),
    "tf32": ("tf32", "fp32"),
    "fp32": ("fp32",),
}
BITS = {
    "fp4": 4.0,
    "fp8": 8.0,
    "int8": 8.0,
    "int4": 4.0,
    "bf16": 16.0,
    "fp16": 16.0,
    "tf32": 32.0,
    "fp32": 32.0,
}
# Formats that run at one rate: a factor of the second is that of the first.
ALIKE = {"bf16": "fp16"}
# Kinds of factors, and where one stands in the registry if points speak of it.
LISTED = {
    "model": "encoder.compute_fraction",
    "engine": "encoder.width",
    "arch": "encoder.width",
}
NOT_KNOWN = math.nan


@dataclass(frozen=True, slots=True)
class Item:
    """What one item is: tokens of a text, seconds of audio, edge of an image in pixels.

    None: as the model's published figures, or what benchmarks use, count it.
    """

    tokens: float | None = None
    seconds: float | None = None
    px: float | None = None
    output_tokens: float | None = None
    steps: float | None = None

    @classmethod
    def of(cls, role: str, size: float | None) -> Item:
        """An item of a role by the one number that a request states: tokens, seconds or megapixels."""
        if role in TEXT:
            return cls(tokens=size)
        if role in SPEECH:
            return cls(seconds=size)
        return cls()


@dataclass(frozen=True, slots=True)
class Pass:
    """One device that runs a model; see `estimate.encoder`. Spreads are p90 over p50."""

    flops: Any
    passes: Any
    weight_bytes: Any
    peak: Any
    bandwidth: Any
    parts: Any
    item_bytes: Any
    compute_fraction: Any
    bandwidth_fraction: Any
    launch_seconds: Any
    served_fraction: Any
    rate_spread: Any
    latency_spread: Any
    published: Any = 1.0

    def over(self, devices: Any) -> Pass:
        """The same on devices that share each item."""
        return replace(
            self,
            weight_bytes=self.weight_bytes / devices,
            flops=self.flops / devices,
        )


def role_of(model: Model) -> str:
    """Role of a model in the support table."""
    return ROLES.get(model.model_class, "llm")


def form_of(precision: Precision, device: Device) -> str:
    """Arithmetic format that a weight format is computed in: the first that the device has."""
    known = [f for f in precision.compute if f in RATES]
    held = (f for f in known if f in device.tflops_dense)
    return next(held, known[0] if known else "bf16")


def peak(device: Device, form: str, p: Mapping[str, float]) -> float:
    """Operations per second in an arithmetic format; 0 when nobody says.

    Data sheets of processors give none: cores times what the instructions of a core do.
    """
    for key in RATES[form]:
        if key in device.tflops_dense:
            return device.tflops_dense[key] * 1e12
    each = p.get(f"encoder.core_tflops.{device.arch}.{form}", p.get(f"encoder.core_tflops.{form}", 0.0))
    return (device.cores or 0) * each * 1e12 if device.kind == "cpu" else 0.0


def flops_of(model: Model, shp: Shape, item: Item, p: Mapping[str, float]) -> float:
    """Operations of one item; 0 when nobody publishes what is needed."""
    role = role_of(model)
    if model.gflops_per_item:
        work = model.gflops_per_item * 1e9
        if item.px and model.image_px:
            work *= (item.px / model.image_px) ** 2
        if item.steps:
            work *= item.steps / p["diffusion.steps"]
        return work * (p["encoder.windows_per_volume"] if model.item == "volume" else 1.0)
    if role in TEXT:
        # The table of input embeddings is looked up, not multiplied.
        body = shp.active - min(shp.vocab * shp.hidden, 0.9 * shp.active)
        return real(encoder.text_flops(body, item.tokens or p["encoder.tokens_unstated"], shp.width))
    if role in SPEECH:
        seconds = item.seconds or p["speech.window_seconds"]
        return real(encoder.text_flops(shp.active, seconds * p["speech.tokens_per_audio_second"], 0.0))
    return 0.0


def passes_of(model: Model, item: Item, p: Mapping[str, float]) -> float:
    """Passes that an item makes one after the other."""
    role = role_of(model)
    if role == "diffusion":
        return item.steps or p["diffusion.steps"]
    if role == "speech":
        seconds = item.seconds or p["speech.window_seconds"]
        return 1.0 + (item.output_tokens or seconds * p["speech.output_tokens_per_second"])
    return 1.0


def item_bytes(model: Model, p: Mapping[str, float]) -> float:
    """Bytes that one item of a batch holds beside the weights."""
    return product(p, "encoder.item_gb", (f"role.{role_of(model)}",)) * 1e9


def keys(model: Model, device: Device, engine: str, form: str, also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the factors that apply; which of them change a parameter, the registry says."""
    found = [
        f"engine.{engine}",
        f"arch.{device.arch or device.id}",
        f"vendor.{device.vendor.lower()}",
        f"format.{ALIKE.get(form, form)}",
        f"role.{role_of(model)}",
        f"model.{model.family or model.id}",
    ]
    if device.name.startswith("GeForce"):
        found.append("geforce")
    return (*found, *also)


def tuned(names: tuple[str, ...], p: Mapping[str, float], doubt: float | None = None) -> dict[str, float]:
    """Columns of what is achieved: seconds of a layer, fractions (never above 1), spreads.

    An architecture that no point speaks of takes the factor of its vendor; `doubt` as of `unlisted`.
    """
    own = tuple(n for n in names if not (n.startswith("vendor.") and listed("arch", names, p)))
    found = achieved(p, QUANTITIES, FRACTIONS, own)
    wider = unlisted(names, p, doubt)
    for what in ("rate", "latency"):
        width = p[f"encoder.width.{what}"] * math.prod(p.get(f"encoder.width.{n}", 1.0) for n in names)
        found[f"{what}_spread"] = math.exp(width * wider)
    return found


def listed(sort: str, names: tuple[str, ...], p: Mapping[str, float]) -> bool:
    """Whether points speak of the model, the engine or the architecture among some names."""
    return any(f"{LISTED[sort]}.{n}" in p for n in names if n.startswith(f"{sort}."))


def unlisted(names: tuple[str, ...], p: Mapping[str, float], doubt: float | None = None) -> float:
    """Factor on the width of an interval: each of model, engine and architecture that no point speaks
    of adds its doubt, as independent errors do; `doubt` is that of a model with a published time."""
    more = 0.0
    for sort in LISTED:
        if not listed(sort, names, p):
            own = doubt if sort == "model" else None
            more += (p.get(f"encoder.width.unlisted.{sort}", 1.0) if own is None else own) ** 2 - 1.0
    return math.sqrt(1.0 + more)


def launches(model: Model, shp: Shape, p: Mapping[str, float]) -> float:
    """Launches of one pass: the layers, or what models of its task make where nobody publishes them."""
    if model.architecture is None or model.architecture.layers is None:
        for task in model.tasks[:1]:
            if f"encoder.launches.{task}" in p:
                return p[f"encoder.launches.{task}"]
    return shp.layers


def make(
    model: Model,
    shp: Shape,
    device: Device,
    engine: str,
    form: str,
    bits: float,
    item: Item,
    p: Mapping[str, float],
    also: tuple[str, ...] = (),
    published: Published | None = None,
    xp: Numeric = SCALAR,
) -> Pass:
    """A model on one device; nan where operations, peak or bandwidth are not known. What `published`
    tells goes into the stacks that it speaks of (`speaks`)."""
    if published is not None and not speaks(published, engine, form):
        published = None
    doubt = None
    if published is not None:
        doubt = 1.0 if device.arch == published.device.arch else p["encoder.width.published"]
    found = tuned(keys(model, device, engine, form, also), p, doubt)
    found["launch_seconds"] *= launches(model, shp, p)
    made = Pass(
        flops=flops_of(model, shp, item, p) or NOT_KNOWN,
        passes=passes_of(model, item, p),
        weight_bytes=shp.total * bits / 8.0,
        peak=peak(device, form, p) or NOT_KNOWN,
        bandwidth=device.gb_per_s * 1e9 if device.gb_per_s else NOT_KNOWN,
        parts=p.get(f"encoder.parts.{device.arch}", 1.0),
        item_bytes=item_bytes(model, p),
        **found,
    )
    if published is None:
        return made
    return replace(made, published=_carried(model, shp, device, made, published, p, xp))


def speaks(published: Published, engine: str, form: str) -> bool:
    """Whether a published time tells anything of a stack: the engine is the one it was measured with, and
    the arithmetic runs at the same rate. Of others the points show no sign of it."""
    there = form_of(published.precision, published.device)
    return engine == published.engine and ALIKE.get(form, form) == ALIKE.get(there, there)


def words(published: Published, model: Model) -> str:
    """A published time with what it was measured on and who says so."""
    stack = f"{published.device.id}, {published.engine} {published.precision.id}, batch 1"
    return f"{published.ms:g} ms on {stack} ({', '.join(model.source)})"


def _carried(
    model: Model,
    shp: Shape,
    device: Device,
    made: Pass,
    published: Published,
    p: Mapping[str, float],
    xp: Numeric,
) -> Any:
    """Factor on the seconds of a stack: what was published over what the formulas say of that stack, of
    which a share shows on other architectures; a device that has less of all is not taken for faster."""
    there, seconds = published.device, published.ms / 1e3
    wide = form_of(published.precision, there)
    bits = published.precision.bits_weights
    other = make(model, shp, there, published.engine, wide, bits, Item(), p)
    same = device.arch == there.arch
    share = 1.0 if same else p["encoder.published_share"]
    found = encoder.carried(seconds, encoder.batch_seconds(xp, other, 1.0), share)
    if same or made.peak > other.peak or made.bandwidth > other.bandwidth:
        return found
    return encoder.no_faster(xp, found, seconds, encoder.batch_seconds(xp, made, 1.0))
