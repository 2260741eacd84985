"""Memory of a training run: what a device holds, by method, sharding and recomputation."""

from __future__ import annotations

import math
from collections.abc import Mapping

from selector.decide.cells import Shape
from selector.decide.train import ADAPTERS, capped, held_share, listed
from selector.estimate.numeric import SCALAR
from selector.estimate.parameters import product
from selector.estimate.trace import TRACE, real
from selector.types.training import TrainingMemoryCell, TrainingRun

# Bytes per trained weight: master copy, gradient, optimizer states.
MIXED = (2.0, 4.0, 12.0)  # 16-bit weights, 32-bit gradients; states with 32-bit master weights
EARLY = (2.0, 2.0, 12.0)  # before gradients were summed at 32 bit
PURE = (2.0, 2.0, 4.0)
EIGHT_BIT = 2.0  # states of an 8-bit optimizer
WIDE = 2.0
# Weights that low-rank matrices of rank one add to a layer, in hidden sizes: attention and feed-forward.
LOW_RANK_WIDTH = 16.0
ADAPTER_BYTES = 16.0
EMBEDDING_COPY = 12.0
OPEN_LAYERS = 2.0
# Column of a cell -> parameter and the scale to its unit.
QUANTITIES = {
    "worked_bytes": ("training_memory.worked_bytes", 1.0),
    "logits_bytes": ("training_memory.logits_bytes", 1.0),
    "reserve": ("training_memory.reserve_gb", 1e9),
    "slack": ("training_memory.slack", 1.0),
}


def keys(shp: Shape, run: TrainingRun) -> tuple[str, ...]:
    """Names of the factors of a run's memory."""
    found = [k for k in run.keys if k.startswith(("tier.", "framework."))]
    found.append(f"recompute.{recomputed(run)}")
    if run.method == "qlora":
        found.append("qlora")
    if run.tp * run.pp > 1:
        found.append("split")  # buffers of the groups that share layers or hand them on
    if run.chunked_loss:
        found.append("chunked_loss")
    if not shp.vocab:
        found.append("dimensions_unknown")
    if run.micro_batch is None:
        found.append("batch_unknown")
    return tuple(found)


def recomputed(run: TrainingRun) -> str:
    """What is computed again: as stated, else all layers in fine-tuning and attention in pretraining."""
    return run.recompute or ("selective" if run.method == "pretrain" else "full")


def group(run: TrainingRun) -> str:
    """Kind of an interval."""
    return run.method if run.method in ADAPTERS else "full" if run.method == "full" else "pretrain"


def cell(shp: Shape, run: TrainingRun, p: Mapping[str, float]) -> TrainingMemoryCell:
    """The run as the formulas see it."""
    vocab = shp.vocab or p["training.vocab_unknown"]
    embedding = embeddings(shp, p)
    tokens = (run.micro_batch or 1.0) * run.seq_len / run.cp
    weights, gradients, optimizer = states(shp, embedding, run)
    again = recomputed(run)
    held = run.offload != "activations"
    between = run.tp if run.sequence_split else 1
    return TrainingMemoryCell(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        opened=_opened(shp, embedding, run),
        checkpoints=tokens * shp.layers * shp.hidden / between if again == "full" and held else 0.0,
        worked=tokens * shp.hidden / run.tp * (1.0 if again == "full" else shp.layers),
        logits=tokens * vocab / run.tp,
        **tuned(keys(shp, run), group(run), p),
    )


def embeddings(shp: Shape, p: Mapping[str, float]) -> float:
    """Weights of embeddings and head, at most half of all."""
    known = shp.embedding or 2.0 * p["training.vocab_unknown"] * shp.hidden
    return min(known, 0.5 * shp.total)


def states(shp: Shape, embedding: float, run: TrainingRun) -> tuple[float, float, float]:
    """Bytes of weights, gradients and optimizer on a device."""
    parts = real(run.tp * run.pp)
    # Devices that share a sequence by context hold shards of their own.
    copies = real((run.shards or max(math.floor(run.devices / (parts * run.cp)), 1)) * run.cp)
    share = {
        "zero1": (1.0, 1.0, copies),
        "zero2": (1.0, copies, copies),
        "zero3": (copies, copies, copies),
    }.get(run.sharding or "ddp", (1.0, 1.0, 1.0))
    if run.method in ADAPTERS:
        body = (shp.total - embedding) * run.base_bits / 8.0 + embedding * WIDE
        trained = run.lora_rank * shp.layers * shp.hidden * LOW_RANK_WIDTH * ADAPTER_BYTES
        trained += embedding * EMBEDDING_COPY if run.embeddings_trained else 0.0
        amounts = (body, 0.0, trained)
    else:
        each = PURE if run.states == "pure" else MIXED
        if not run.sequence_split:
            each = EARLY
        states = EIGHT_BIT if run.optimizer == "adam8bit" else each[2]
        gradients = each[1] if run.gradients_kept else 0.0
        worked_on = shp.total * (held_share(shp, run.ep) if run.sharding != "zero3" else 1.0)
        amounts = (each[0] * worked_on, gradients * worked_on, states * shp.total)
    held = [a / parts / s for a, s in zip(amounts, share, strict=True)]
    if run.offload == "states":
        held[2] = 0.0
        held[0] *= 0.0 if run.sharding == "zero3" else 1.0
    return held[0], held[1], held[2]


def states_bytes(weights: float, narrow: bool, optimizer: str | None = None) -> float:
    """Bytes of so many trained weights with their gradients and states, activations apart: what training
    all of them holds at least; `narrow` is for weights and states of 16 bits alone."""
    each = PURE if narrow else EARLY
    return weights * (each[0] + each[1] + (EIGHT_BIT if optimizer == "adam8bit" else each[2]))


def _opened(shp: Shape, embedding: float, run: TrainingRun) -> float:
    """Bytes of layers that are whole while they are worked on: gathered, or opened from 4 bits."""
    if run.sharding != "zero3" and run.base_bits >= 8.0:
        return 0.0
    layer = (shp.total - embedding) / shp.layers
    whole = OPEN_LAYERS * layer + (embedding / 2.0 if run.sharding == "zero3" else 0.0)
    return whole * WIDE / (run.tp)


def tuned(names: tuple[str, ...], kind: str, p: Mapping[str, float]) -> dict[str, float]:
    """Columns of a cell: bytes per value, reserve, slack of the allocator (never below 1)."""
    found = {
        column: capped(SCALAR, column, product(p, base, names) * scale)
        for column, (base, scale) in QUANTITIES.items()
    }
    found["memory_spread"] = TRACE.exp(width(names, kind, p))
    return found


def width(names: tuple[str, ...], kind: str, p: Mapping[str, float]) -> float:
    """Logarithm of p90 over p50 of left-out points of the kind, wider for what is not known."""
    return p[f"training_memory.width.{kind}"] * doubt(names, p)


def doubt(names: tuple[str, ...], p: Mapping[str, float]) -> float:
    """Factor on an interval where a size is assumed, and for a framework without points."""
    unknown = [n for n in names if n in ("dimensions_unknown", "batch_unknown")]
    if not listed("training_memory.slack", names, p):
        unknown.append("framework")
    return real(p["training.width.unlisted"] ** len(unknown))
