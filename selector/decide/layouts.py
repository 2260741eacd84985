"""Parallel layouts that a model and a machine allow; checked, never assumed."""

from __future__ import annotations

from selector.types.catalog import Framework, Model

TENSOR = (1, 2, 4, 8, 16, 32, 64)
PIPELINE = (1, 2, 3, 4, 8)


def parallel(engine: Framework | None) -> tuple[bool, bool]:
    """What layouts depend on, of an engine: whether it splits tensors, and layers; both where nobody says."""
    stated = {row.kind for row in engine.parallelism} if engine else set()
    return not stated or "tensor" in stated, not stated or "pipeline" in stated


def layouts(
    model: Model, engine: Framework | None, role: str, devices_at_most: int, node: int
) -> list[tuple[int, int]]:
    """(tp, pp) pairs: tensor parallel divides the heads and stays in one machine unless it fills
    several; pipeline stages divide over machines or odd counts; engines that split layers use
    pipeline only. Small one-pass models run on one device a replica."""
    if role != "llm" and role not in ("diffusion",):
        return [(1, 1)]
    tensors, stages = parallel(engine)
    if not tensors:
        return [(1, n) for n in range(1, min(devices_at_most, 8) + 1)]
    arch = model.architecture
    heads = arch.heads if arch else None
    layers = arch.layers if arch else None
    found = []
    for tp in TENSOR:
        if tp > devices_at_most or (heads is not None and heads % tp):
            continue
        if tp > node:
            continue
        for pp in PIPELINE:
            if tp * pp > devices_at_most or (layers is not None and pp > layers):
                continue
            # Inside one machine tensor parallel takes the devices; stages only where heads forbid
            # it and the count fills the machine (three cards).
            inside = tp * pp <= node
            whole = tp * pp in TENSOR and _divides(heads, tp * pp)
            if pp > 1 and ((inside and (whole or node % (tp * pp))) or not stages):
                continue
            if pp > 1 and not inside and tp < node:
                continue
            found.append((tp, pp))
    return found


def _divides(heads: int | None, tp: int) -> bool:
    return heads is None or heads % tp == 0


def pinned_allowed(model: Model, tp: int, pp: int) -> str | None:
    """Reason why a pinned layout cannot run, or None."""
    arch = model.architecture
    if arch and arch.heads and arch.heads % tp:
        return f"{arch.heads} attention heads are not divisible by tensor parallel {tp}"
    if arch and arch.layers and pp > arch.layers:
        return f"{arch.layers} layers are fewer than {pp} pipeline stages"
    return None
