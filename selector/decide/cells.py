"""The cells that are sized: (model, engine, precision, device, layout), as columns of arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from selector.estimate.trace import real
from selector.types.catalog import Architecture, Device, Model, Precision
from selector.types.load import Cell

FP_KEYS = {"bf16": ("bf16", "fp16"), "fp16": ("fp16", "bf16"), "fp4": ("fp4",), "fp8": ("fp8",)}
MLA_SHARDS = 1.0
# MLX narrows them too, but holds the logits of a prompt, which the ledger does not count apart.
NARROW_EMBEDDINGS = frozenset({"gguf"})
LIGHT = frozenset({"llama.cpp", "ollama", "mlx-lm", "onnxruntime", "faster-whisper"})


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of a model that do not depend on where it runs."""

    total: float
    active: float
    experts: float
    experts_active: float
    embedding: float
    head: float
    layers: float
    hidden: float
    vocab: float
    width: float
    decode_width: float
    attention: str
    kv_per_token: float
    kv_sliding_per_token: float
    window_tokens: float
    state_bytes: float
    kv_shards: float
    attended_tokens: float
    known: bool


def shape(model: Model, p: Mapping[str, float]) -> Shape:
    """Dimensions of a model; stands in with registry values, and says so, where unknown."""
    total = (model.params_b or 0.0) * 1e9
    active = (model.active_params_b or model.params_b or 0.0) * 1e9
    arch = model.architecture or Architecture(attention="other")
    layers = real(arch.layers or round(p["model.layers_unknown"] * max(total / 1e9, 0.1) ** 0.37))
    hidden = real(arch.hidden or max((active / (12.0 * layers)) ** 0.5, 256.0))
    vocab = real(arch.vocab or 0)
    kv: float | None = model.kv_bytes_per_token_16bit
    full = real(arch.full_attention_layers if arch.full_attention_layers is not None else layers)
    generative = model.model_class in ("llm", "vlm")
    known = arch.layers is not None and (kv is not None or not generative)
    if kv is None:
        kv = p["memory.kv_bytes_per_token_unknown"] if generative else 0.0
    head_dim = arch.head_dim or (arch.hidden or 0) / (arch.heads or 1)
    return Shape(
        total=total,
        active=active,
        experts=real(arch.experts or 1),
        experts_active=real(arch.experts_active or 1),
        embedding=vocab * hidden * (1.0 if arch.tied else 2.0),
        head=vocab * hidden,
        layers=layers,
        hidden=hidden,
        vocab=vocab,
        width=full * real(arch.heads or 0) * head_dim,
        # Absorbed MLA multiplies each head with the whole latent.
        decode_width=full * real(arch.heads or 0) * real(arch.latent_dim or head_dim),
        attention=_attention(arch),
        kv_per_token=real(kv),
        kv_sliding_per_token=(arch.sliding_layers or 0) * 4.0 * (arch.kv_heads or 0) * head_dim,
        window_tokens=real(arch.sliding_window_tokens or 0),
        state_bytes=real(arch.state_bytes_per_sequence or 0),
        kv_shards=MLA_SHARDS
        if arch.attention == "mla" or arch.latent_dim
        else real(arch.kv_heads or arch.heads or 64),
        attended_tokens=real(arch.attended_tokens or math.inf),
        known=known,
    )


def _attention(arch: Architecture) -> str:
    if arch.sparse_layers:
        return "sparse"
    return "mla" if arch.latent_dim and arch.attention == "other" else arch.attention


def peak_flops(device: Device, precision: Precision, override: str | None) -> float:
    """Operations per second in the format that the arithmetic runs in; 0 when nobody says."""
    for wanted in (override,) if override else precision.compute:
        for key in FP_KEYS.get(wanted or "", (wanted or "",)):
            if key in device.tflops_dense:
                return device.tflops_dense[key] * 1e12
    for key in ("bf16", "fp16", "fp32"):
        if key in device.tflops_dense:
            return device.tflops_dense[key] * 1e12
    return 0.0


def memory_bytes(device: Device, p: Mapping[str, float]) -> float:
    """Bytes of a device: as read from it, else the vendor's gigabytes taken as 1e9.

    A CPU has the memory of its host, which the registry stands in for where nobody states it.
    """
    if device.kind == "cpu" and not device.memory_bytes and not device.memory_gb:
        return p["memory.host_gb_unknown"] * 1e9
    return real(device.memory_bytes or (device.memory_gb or 0.0) * 1e9)


def model_part(shp: Shape) -> dict[str, float]:
    """Columns that follow from the model alone."""
    return {
        "total_params": shp.total,
        "active_params": shp.active,
        "experts": shp.experts,
        "experts_active": shp.experts_active,
        "embedding_params": shp.embedding,
        "head_params": shp.head,
        "layers": shp.layers,
        "hidden": shp.hidden,
        "vocab": shp.vocab,
        "attention_width": shp.width,
        "kv_per_token": shp.kv_per_token,
        "kv_sliding_per_token": shp.kv_sliding_per_token,
        "window_tokens": shp.window_tokens,
        "state_bytes": shp.state_bytes,
        "kv_shards": shp.kv_shards,
        "attended_tokens": shp.attended_tokens,
        "decode_width": shp.decode_width,
    }


def device_part(
    device: Device, engine: str, free_bytes: float | None, shared: bool, p: Mapping[str, float]
) -> dict[str, float]:
    """Columns that follow from the device, what else runs on it, and the engine's reserve."""
    fraction = p["memory.unified_fraction" if device.unified_memory else "memory.usable_fraction"]
    if shared:
        fraction = min(fraction, p["memory.shared_desktop_fraction"])
    reserve = p["memory.reserve_light_gb" if engine in LIGHT else "memory.reserve_gb"]
    return {
        "memory_bytes": free_bytes if free_bytes is not None else memory_bytes(device, p),
        "usable_fraction": fraction,
        "bandwidth": device.gb_per_s * 1e9 if device.gb_per_s else math.nan,
        "watts": device.tdp_w or math.nan,
        "reserve": reserve * 1e9,
    }


def format_part(model: Model, device: Device, precision: Precision, compute: str | None) -> dict[str, float]:
    """Columns that follow from the weight format on this device."""
    return {
        "weights_known": published_bytes(model, precision),
        "peak": peak_flops(device, precision, compute),
        **width_part(precision),
    }


def published_bytes(model: Model, precision: Precision) -> float:
    """Bytes of the weights in a format as their publisher counts them; 0 where nobody does."""
    return model.weights_gb.get(precision.id, 0.0) * 1e9


def width_part(precision: Precision) -> dict[str, float]:
    """Columns that follow from the weight format alone."""
    # Files of these narrow the embeddings with the rest; others leave them at 16 bit.
    wide = 0.0 if precision.method in NARROW_EMBEDDINGS else 1.0
    return {"bits": precision.bits_weights, "wide_embeddings": wide}


def layout_part(tp: int, pp: int) -> dict[str, float]:
    """Columns that follow from how many devices a replica spreads over."""
    return {"tp": real(tp), "pp": real(pp)}


REQUIRED = tuple(f.name for f in fields(Cell) if f.default is MISSING)


def scalar_cell(parts: list[dict[str, float]]) -> Cell:
    """A cell of floats out of its parts."""
    merged: dict[str, float] = {}
    for part in parts:
        merged.update(part)
    return Cell(**merged)


class Chosen:
    """Some cells as the formulas see them: a `Cell` whose columns are gathered when they are asked for."""

    def __init__(self, gather: Callable[[str], Any]) -> None:
        """`gather`: the column of a field of `Cell`."""
        self._gather = gather

    def __getattr__(self, name: str) -> Any:
        if name not in Cell.__dataclass_fields__:
            raise AttributeError(name)
        found = self._gather(name)
        setattr(self, name, found)
        return found

    def take(self, rows: Any) -> Chosen:
        """Some of them; a plain number stands for all."""

        def gather(name: str) -> Any:
            own = getattr(self, name)
            return own if isinstance(own, float) else own[rows]

        return Chosen(gather)


class CellTable:
    """Cells as indices into few distinct parts; columns are gathered for some of them at a time."""

    def __init__(self, parts: Sequence[tuple[Mapping[str, Any], Any]]) -> None:
        """Each group of parts: columns over the distinct parts, and which of them each cell takes."""
        self._parts = parts
        self._where = {
            name: (part, columns[name]) for part, (columns, _) in enumerate(parts) for name in columns
        }

    def __len__(self) -> int:
        return len(self._parts[0][1])

    def take(self, rows: Any) -> Chosen:
        """Some cells (a slice or an array of row numbers)."""
        places: dict[int, Any] = {}  # in the parts that were asked for

        def gather(name: str) -> Any:
            if name not in self._where:
                return Cell.__dataclass_fields__[name].default
            part, values = self._where[name]
            if part not in places:
                places[part] = self._parts[part][1][rows].astype(int)
            return values.take(places[part])

        return Chosen(gather)

    def only(self, rows: slice) -> CellTable:
        """A table of a few of them."""
        return CellTable([(columns, which[rows]) for columns, which in self._parts])

    def alike(self, *others: Any) -> tuple[Any, Any]:
        """One cell of each set whose numbers, and those in `others` (columns of integers), are equal;
        which set each cell is in."""
        import numpy as np

        keys = [*(_by_values(columns).take(index) for columns, index in self._parts), *others]
        code = np.zeros(len(self), dtype=np.uint64)
        for key in keys:
            code = code * np.uint64(MIXER) + key.astype(np.uint64)
        order = np.argsort(code)
        new = np.ones(len(code), dtype=bool)
        new[1:] = code[order[1:]] != code[order[:-1]]
        first = order[new]
        # Sets in the order of their cells, so that models stay together.
        place = np.empty(len(first), dtype=np.int32)
        place[np.argsort(first)] = np.arange(len(first))
        which = np.empty(len(code), dtype=np.int32)
        which[order] = place[np.cumsum(new) - 1]
        first.sort()
        if all((key == key[first].take(which)).all() for key in keys):
            return first, which
        # Two sets fell on one code: every cell stands for itself.
        return np.arange(len(code)), np.arange(len(code))


MIXER = 6_364_136_223_846_793_005  # odd and without structure: products wrap around


def _by_values(columns: Mapping[str, Any]) -> Any:
    """Parts with equal values by one number."""
    import numpy as np

    if len(columns) == 1:
        return np.unique(next(iter(columns.values())), return_inverse=True)[1]
    seen: dict[bytes, int] = {}
    rows = np.stack(list(columns.values()), axis=1)
    return np.array([seen.setdefault(row.tobytes(), len(seen)) for row in rows])


def columns(parts: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Parts of one group as columns."""
    import numpy as np

    return {name: np.array([part[name] for part in parts]) for name in parts[0]} if parts else {}
