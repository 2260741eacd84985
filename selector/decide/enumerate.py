"""Enumerate self-hosted cells: support, checkpoints and layouts decide which exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selector.decide import cells
from selector.decide.axes import Axes, DeviceOption, ModelOption, Place
from selector.decide.layouts import layouts
from selector.decide.support import SupportTable
from selector.types.catalog import Model, Precision

GROUPS = 4


@dataclass(frozen=True, slots=True)
class CellIndex:
    """Columns of indices into the axes, one row a cell, and the numbers to size it with."""

    model: Any
    engine: Any
    precision: Any
    device: Any
    tp: Any
    pp: Any
    cell: Any  # Cell of columns
    shapes: Mapping[str, cells.Shape]


@dataclass(slots=True)
class Refusals:
    """Why combinations were refused before sizing: reason -> (count, an example)."""

    counts: dict[str, tuple[int, str]]

    def add(self, reason: str, example: str) -> None:
        """Count one more."""
        seen, first = self.counts.get(reason, (0, example))
        self.counts[reason] = (seen + 1, first)


def available(model: Model, precision: Precision, role: str) -> bool:
    """True where weights in this format are published or can be made from 16-bit weights."""
    if precision.id in model.checkpoints:
        return True
    if precision.needs_checkpoint:
        return False
    if role != "llm":
        return True
    native_only = bool(model.checkpoints) and not {"bf16", "fp16"}.intersection(model.checkpoints)
    if native_only and precision.base in ("bf16", "fp16"):
        # Narrow-only releases can be widened; that is what BF16 conversions of FP8 models are.
        return True
    return True


def enumerate_cells(
    axes: Axes,
    table: SupportTable,
    p: Mapping[str, float],
    refusals: Refusals,
    pinned: list[tuple[int, int]] | None,
) -> CellIndex:
    """All cells that engines support and layouts allow."""
    columns = cells.CellColumns(GROUPS)
    index: list[tuple[int, int, int, int, int, int]] = []
    shapes = {m.id: cells.shape(m.model, p) for m in axes.models if m.model is not None}
    reach = _reach(axes.places)
    for mi, option in enumerate(axes.models):
        if option.model is None:
            continue
        for di, device in enumerate(axes.devices):
            for ei, engine in enumerate(axes.engines):
                for ri, precision in enumerate(axes.precisions):
                    prec = precision.precision
                    if not available(option.model, prec, option.role):
                        continue
                    answer = table.look_up(
                        engine.id, device.device, prec.id, option.model, option.role
                    )
                    if answer.status != "yes":
                        if answer.row is not None:
                            note = answer.row.note or f"support is {answer.status}"
                            refusals.add(
                                f"{engine.id} {prec.id} on {device.device.arch or device.id}: {note}",
                                option.id,
                            )
                        continue
                    for tp, pp in _allowed(option, device, engine.id, reach, pinned):
                        _add(columns, option, device, engine.id, prec, answer.compute, tp, pp, shapes, p, axes)
                        index.append((mi, ei, ri, di, tp, pp))
    return _index(index, columns, shapes)


def _allowed(
    option: ModelOption,
    device: DeviceOption,
    engine: str,
    reach: Mapping[str, tuple[int, int]],
    pinned: list[tuple[int, int]] | None,
) -> list[tuple[int, int]]:
    assert option.model is not None
    most, node = reach.get(device.id, (0, 0))
    found = layouts(option.model, device.device, engine, option.role, most, node)
    if pinned is None:
        return found
    arch = option.model.architecture
    heads = arch.heads if arch else None
    return [(t, q) for t, q in pinned if t * q <= most and (heads is None or heads % t == 0)]


def _reach(places: list[Place]) -> dict[str, tuple[int, int]]:
    """Per device: devices that one replica may spread over, and the largest machine."""
    reach: dict[str, tuple[int, int]] = {}
    for place in places:
        if place.device is None:
            continue
        # Rented machines of eight may be paired; smaller ones have no fast link between them.
        most = place.available or (place.count * 4 if place.count >= 8 else place.count)
        seen = reach.get(place.device, (0, 0))
        reach[place.device] = (max(seen[0], most), max(seen[1], place.count))
    return reach


def _add(
    columns: cells.CellColumns,
    option: ModelOption,
    device: DeviceOption,
    engine: str,
    precision: Precision,
    compute: str | None,
    tp: int,
    pp: int,
    shapes: Mapping[str, cells.Shape],
    p: Mapping[str, float],
    axes: Axes,
) -> None:
    model = option.model
    assert model is not None
    shp = shapes[option.id]
    moe = shp.experts > 1
    own = next((q for q in axes.places if q.device == device.id and q.available), None)
    free = own.free_memory_bytes if own else None
    shared = bool(own and own.shared_desktop)
    columns.add(
        columns.part(0, option.id, lambda: cells.model_part(shp, p)),
        columns.part(
            1,
            (device.id, engine in cells.LIGHT),
            lambda: cells.device_part(device.device, engine, free, shared, p),
        ),
        columns.part(
            2,
            (model.id if model.weights_gb else "", device.id, precision.id, compute),
            lambda: cells.format_part(model, device.device, precision, compute),
        ),
        columns.part(
            3,
            (device.id, moe, tp, pp),
            lambda: cells.layout_part(device.device, moe, tp, pp, p),
        ),
    )


def _index(
    rows: list[tuple[int, int, int, int, int, int]],
    columns: cells.CellColumns,
    shapes: Mapping[str, cells.Shape],
) -> CellIndex:
    import numpy as np

    table = np.array(rows, dtype=np.int32).reshape(-1, 6)
    return CellIndex(
        model=table[:, 0],
        engine=table[:, 1],
        precision=table[:, 2],
        device=table[:, 3],
        tp=table[:, 4],
        pp=table[:, 5],
        cell=columns.gather() if rows else None,
        shapes=shapes,
    )
