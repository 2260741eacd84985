"""Numbers of the cells that are sized, each group of them once for the few things that it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from selector.decide import cells, measured_cells, tuning
from selector.decide.axes import Axes, DeviceOption, Place
from selector.decide.columns import distinct, narrow, numbered
from selector.decide.runnable import Runs

Group = tuple[Mapping[str, Any], Any]  # columns over distinct parts, and which part each cell takes


def table(
    axes: Axes,
    shapes: Mapping[str, cells.Shape],
    found: Runs,
    row: Any,
    tp: Any,
    pp: Any,
    p: Mapping[str, float],
) -> cells.CellTable:
    """The cells: run `row` of `found` in the layout `tp`, `pp` of the same position."""
    return cells.CellTable(
        [
            _models(axes, shapes, found, row),
            _devices(axes, found, row, p),
            _published(axes, found, row),
            (
                cells.columns([cells.width_part(q.precision) for q in axes.precisions]),
                narrow(found.precision[row]),
            ),
            _peaks(axes, found, row),
            ({"tp": np.arange(tp.max() + 1.0)}, narrow(tp)),
            ({"pp": np.arange(pp.max() + 1.0)}, narrow(pp)),
            _achieved(axes, shapes, found, row, tp, pp, p),
            _links(axes, found, row, tp * pp, p),
        ]
    )


def _models(axes: Axes, shapes: Mapping[str, cells.Shape], found: Runs, row: Any) -> Group:
    used, which = distinct(found.model, len(axes.models))
    made = [cells.model_part(shapes[axes.models[i].id]) for i in used]
    return cells.columns(made), narrow(which[row])


def _devices(axes: Axes, found: Runs, row: Any, p: Mapping[str, float]) -> Group:
    """Of each device with each engine, whose reserves differ."""
    owned = {q.pool: q for q in axes.places if q.pool}
    n = len(axes.engines)
    used, which = distinct(found.device * n + found.engine, len(axes.devices) * n)
    made = []
    for code in used.tolist():
        option, engine = axes.devices[code // n], axes.engines[code % n]
        made.append(_device(option, engine.id, owned.get(option.pool), p))
    return cells.columns(made), narrow(which[row])


def _device(option: DeviceOption, engine: str, own: Place | None, p: Mapping[str, float]) -> dict[str, float]:
    free = own.free_memory_bytes if own else None
    return cells.device_part(option.device, engine, free, bool(own and own.shared_desktop), p)


def _published(axes: Axes, found: Runs, row: Any) -> Group:
    n = len(axes.precisions)
    known = [
        cells.published_bytes(m.model, q.precision) if m.model else 0.0
        for m in axes.models
        for q in axes.precisions
    ]
    return {"weights_known": np.array(known)}, narrow((found.model * n + found.precision)[row])


def _peaks(axes: Axes, found: Runs, row: Any) -> Group:
    """Of each device in each format, by the arithmetic that is really used."""
    n, k = len(axes.precisions), len(found.computes)
    code = (found.device * n + found.precision) * k + found.compute
    used, which = distinct(code, len(axes.devices) * n * k)
    peaks = []
    for one in used.tolist():
        device, precision = axes.devices[one // k // n].device, axes.precisions[one // k % n].precision
        peaks.append(cells.peak_flops(device, precision, found.computes[one % k]))
    return {"peak": np.array(peaks)}, narrow(which[row])


def _achieved(
    axes: Axes,
    shapes: Mapping[str, cells.Shape],
    found: Runs,
    row: Any,
    tp: Any,
    pp: Any,
    p: Mapping[str, float],
) -> Group:
    """What replicas achieve: for each set of names of factors once."""
    kinds = [_kind(shapes.get(m.id)) for m in axes.models]
    model, models = numbered(kinds)
    n_devices = tp * pp
    device, devices = numbered([tuning.told_by(d.device) for d in axes.devices])
    width, widths = numbered([tuning.narrow_weights(q.precision) for q in axes.precisions])
    engines = len(axes.engines)
    code = ((model[found.model] * devices + device[found.device]) * engines + found.engine) * widths
    code = (code + width[found.precision])[row] * 2 + (n_devices > 1)
    used, which = distinct(code, models * devices * engines * widths * 2)
    example = np.zeros(len(used), dtype=int)
    example[which] = np.arange(len(which))
    names = [_names(axes, shapes, found, int(row[i]), int(n_devices[i])) for i in example]
    number, _ = numbered(names)
    made = tuning.tuned_many(list(dict.fromkeys(names)), p), narrow(number[which])
    if axes.measured is None:
        return made
    return measured_cells.factors(axes, axes.measured, found, row, tp, pp, made)


def _kind(shp: cells.Shape | None) -> tuple[object, ...]:
    return () if shp is None else (shp.experts > 1.0, shp.known, shp.attention)


def _names(
    axes: Axes, shapes: Mapping[str, cells.Shape], found: Runs, i: int, n_devices: int
) -> tuple[str, ...]:
    device, precision = axes.devices[found.device[i]].device, axes.precisions[found.precision[i]].precision
    shp = shapes[axes.models[found.model[i]].id]
    return tuning.keys(device, axes.engines[found.engine[i]].id, shp, n_devices, precision)


def _links(axes: Axes, found: Runs, row: Any, n_devices: Any, p: Mapping[str, float]) -> Group:
    """Rate of the link of each device in replicas of each size."""
    most = int(n_devices.max()) + 1
    used, which = distinct(found.device[row] * most + n_devices, len(axes.devices) * most)
    rates = [tuning.link_rate(axes.devices[i // most].device, i % most, p) for i in used.tolist()]
    return {"link_bytes_per_s": np.array(rates)}, narrow(which)
