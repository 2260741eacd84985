"""Enumerate self-hosted cells: support, checkpoints and layouts decide which exist."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from selector.decide import cells, tuning
from selector.decide.axes import Axes, DeviceOption, ModelOption, Place
from selector.decide.layouts import layouts, pinned_allowed
from selector.packs.support import SupportTable
from selector.types.catalog import Model, Precision
from selector.types.requirement import LayoutPin

GROUPS = 5
SMALL_CACHE = "kv-fp8"  # name in the support table and among the recoveries


@dataclass(frozen=True, slots=True)
class CellIndex:
    """Columns of indices into the axes, one row a cell, and the numbers to size it with."""

    model: Any
    engine: Any
    precision: Any
    device: Any
    tp: Any
    pp: Any
    kv8: Any  # True where the engine keeps an 8-bit cache on the device
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


def available(model: Model, precision: Precision) -> bool:
    """True where weights in this format are published or can be made from wider ones."""
    return precision.id in model.checkpoints or not precision.needs_checkpoint


def considered(model: Model, precision: Precision, role: str, pinned: bool) -> bool:
    """True for published formats, pinned ones, and the usual one of each width.

    Variants of one width that nobody published for the model (GPTQ beside AWQ, bitsandbytes) have
    the same size and speed and less evidence; they are looked at only when pinned.
    """
    if not available(model, precision):
        return False
    return pinned or role != "llm" or precision.id in model.checkpoints or precision.usual


def enumerate_cells(
    axes: Axes,
    table: SupportTable,
    p: Mapping[str, float],
    refusals: Refusals,
    pinned: Sequence[LayoutPin],
    explain: bool,
    precisions_pinned: bool,
    context: float,
) -> CellIndex:
    """All cells that engines support and layouts allow; `explain` counts the refusals.

    Stages over machines are looked at only where weights and one cache of `context` tokens crowd
    the devices of a stage: elsewhere more replicas do more with the same devices.
    """
    columns = cells.CellColumns(GROUPS)
    tunings = Tunings(columns, p)
    index = array("q")
    add, layout = columns.add, tunings.layout
    shapes = {m.id: cells.shape(m.model, p) for m in axes.models if m.model is not None}
    reach = _reach(axes.places)
    owned = {q.pool: q for q in axes.places if q.pool}
    hopeless, crowded = p["search.hopeless"], p["search.roomy"]
    for mi, option in enumerate(axes.models):
        if option.model is None:
            continue
        shp = shapes[option.id]
        formats = {
            ri: q.precision
            for ri, q in enumerate(axes.precisions)
            if considered(option.model, q.precision, option.role, precisions_pinned)
        }
        for di, device in enumerate(axes.devices):
            for ei, engine in enumerate(axes.engines):
                if not explain and not table.runs_any(engine.id, device.device, option.role):
                    continue
                runs = _runs(option, device, engine.id, formats, table, refusals, explain)
                if not runs:
                    continue
                allowed = _allowed(option, device, engine.id, reach, pinned, refusals)
                kv8 = _small_cache(option, device, engine.id, table)
                for ri, compute in runs:
                    parts = _parts(columns, option, device, engine.id, formats[ri], compute, shapes, p, owned)
                    need = shp.total * formats[ri].bits_weights / 8.0
                    kept = shp.kv_per_token * context / shp.kv_shards
                    room = cells.memory_bytes(device.device, p)
                    most, roomy = hopeless * room, crowded * room - kept
                    free = not explain and len(allowed) > 1
                    achieved = tunings.of(device, engine.id, shp, formats[ri])
                    for tp, pp in allowed:
                        if free and (need > most * tp * pp or (pp > 1 and need <= roomy * tp)):
                            continue
                        add(*parts, layout(tp, pp), achieved(tp * pp))
                        index.extend((mi, ei, ri, di, tp, pp, kv8))
    return _index(index, columns, shapes)


def _small_cache(option: ModelOption, device: DeviceOption, engine: str, table: SupportTable) -> int:
    """1 where the support table has an 8-bit cache of this engine on the device."""
    if option.role != "llm" or option.model is None:
        return 0
    return int(table.look_up(engine, device.device, SMALL_CACHE, option.model, option.role).status == "yes")


def _runs(
    option: ModelOption,
    device: DeviceOption,
    engine: str,
    formats: Mapping[int, Precision],
    table: SupportTable,
    refusals: Refusals,
    explain: bool,
) -> list[tuple[int, str | None]]:
    """Formats that the engine runs on the device, with the arithmetic that it really uses."""
    model = option.model
    assert model is not None
    found: list[tuple[int, str | None]] = []
    old = table.too_old(engine, model)
    if old is not None:
        refusals.add(old, model.id)
        return found
    known = table.formats(engine, device.device, model, option.role)
    for ri, precision in formats.items():
        answer = known(precision.id)
        if answer.status == "yes":
            found.append((ri, answer.compute))
        elif explain and answer.row is not None:
            note = answer.row.note or f"support is {answer.status}"
            refusals.add(f"{engine} {precision.id} on {device.device.arch or device.id}: {note}", option.id)
    return found


def _allowed(
    option: ModelOption,
    device: DeviceOption,
    engine: str,
    reach: Mapping[tuple[str, str], tuple[int, int]],
    pinned: Sequence[LayoutPin],
    refusals: Refusals,
) -> list[tuple[int, int]]:
    assert option.model is not None
    most, node = reach.get((device.id, device.pool), (0, 0))
    free = layouts(option.model, engine, option.role, most, node)
    if not pinned:
        return free
    found: list[tuple[int, int]] = []
    for pin in pinned:
        exact = (pin.tp or 1, pin.pp or 1)
        like = [(t, q) for t, q in free if pin.tp in (None, t) and pin.pp in (None, q)]
        found += [*like, exact]
    allowed = []
    for t, q in dict.fromkeys(found):
        reason = pinned_allowed(option.model, t, q)
        if t * q > most:
            reason = f"needs {t * q} devices, {most} can be had"
        if reason is None:
            allowed.append((t, q))
        else:
            refusals.add(f"pinned layout tp{t}-pp{q}: {reason}", f"{option.id} on {device.id}")
    return allowed


def _reach(places: list[Place]) -> dict[tuple[str, str], tuple[int, int]]:
    """Per device and pool: devices that one replica may spread over, and the largest machine."""
    reach: dict[tuple[str, str], tuple[int, int]] = {}
    for place in places:
        if place.device is None:
            continue
        # Rented machines of eight may be paired; smaller ones have no fast link between them.
        most = place.available or (place.count * 4 if place.count >= 8 else place.count)
        key = (place.device, place.pool)
        seen = reach.get(key, (0, 0))
        reach[key] = (max(seen[0], most), max(seen[1], place.count))
    return reach


def _parts(
    columns: cells.CellColumns,
    option: ModelOption,
    device: DeviceOption,
    engine: str,
    precision: Precision,
    compute: str | None,
    shapes: Mapping[str, cells.Shape],
    p: Mapping[str, float],
    owned: Mapping[str, Place],
) -> tuple[int, int, int]:
    """Numbers of the parts that do not depend on the layout."""
    model = option.model
    assert model is not None
    own = owned.get(device.pool)
    free = own.free_memory_bytes if own else None
    shared = bool(own and own.shared_desktop)
    return (
        columns.part(0, option.id, lambda: cells.model_part(shapes[option.id])),
        columns.part(
            1,
            (device.id, device.pool, engine in cells.LIGHT),
            lambda: cells.device_part(device.device, engine, free, shared, p),
        ),
        columns.part(
            2,
            (model.id if model.weights_gb else "", device.id, precision.id, compute),
            lambda: cells.format_part(model, device.device, precision, compute),
        ),
    )


class Tunings:
    """Numbers of the parts that say what replicas achieve and how they are laid out; looked up by
    the few things that they depend on, since cells are many."""

    def __init__(self, columns: cells.CellColumns, p: Mapping[str, float]) -> None:
        self._columns, self._p = columns, p
        self._seen: dict[Hashable, Callable[[int], int]] = {}
        self.layout = cache(self._layout)  # how a replica is laid out

    def of(
        self, device: DeviceOption, engine: str, shp: cells.Shape, precision: Precision
    ) -> Callable[[int], int]:
        """What replicas of so many devices achieve; the rate of the link differs between devices of one
        architecture."""
        narrow = tuning.narrow_weights(precision)
        key = (device.id, engine, shp.experts > 1.0, shp.known, shp.attention, narrow)
        if key not in self._seen:

            def part(n: int) -> int:
                names = tuning.keys(device.device, engine, shp, n, precision)
                rate = tuning.link_rate(device.device, n, self._p)
                made = partial(self._made, names, rate)
                return self._columns.part(4, (names, rate), made)

            self._seen[key] = cache(part)
        return self._seen[key]

    def _made(self, names: tuple[str, ...], rate: float) -> dict[str, float]:
        return tuning.tuned(names, self._p) | {"link_bytes_per_s": rate}

    def _layout(self, tp: int, pp: int) -> int:
        return self._columns.part(3, (tp, pp), partial(cells.layout_part, tp, pp))


def _index(
    rows: array[int],
    columns: cells.CellColumns,
    shapes: Mapping[str, cells.Shape],
) -> CellIndex:
    import numpy as np

    table = np.frombuffer(rows, dtype=np.int64).astype(np.int32).reshape(-1, 7)
    return CellIndex(
        model=table[:, 0],
        engine=table[:, 1],
        precision=table[:, 2],
        device=table[:, 3],
        tp=table[:, 4],
        pp=table[:, 5],
        kv8=table[:, 6].astype(bool),
        cell=columns.gather() if rows else None,
        shapes=shapes,
    )
