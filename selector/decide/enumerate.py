"""Enumerate self-hosted cells: support, checkpoints and layouts decide which exist."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selector.decide import cells, parts
from selector.decide.axes import Axes, ModelOption, Place
from selector.decide.columns import distinct, narrow, numbered, spread
from selector.decide.layouts import layouts, parallel, pinned_allowed
from selector.decide.runnable import Refused, Runs, runs, told
from selector.packs.support import SupportTable
from selector.types.requirement import LayoutPin


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
    cell: cells.CellTable | None  # None: no cells
    shapes: Mapping[str, cells.Shape]

    def only(self, row: int) -> CellIndex:
        """One cell, to be sized by itself."""
        assert self.cell is not None
        own = slice(row, row + 1)
        return CellIndex(
            model=self.model[own],
            engine=self.engine[own],
            precision=self.precision[own],
            device=self.device[own],
            tp=self.tp[own],
            pp=self.pp[own],
            kv8=self.kv8[own],
            cell=self.cell.only(own),
            shapes=self.shapes,
        )


@dataclass(slots=True)
class Refusals:
    """Why combinations were refused before sizing: reason -> (count, an example)."""

    counts: dict[str, tuple[int, str]]

    def add(self, reason: str, example: str, count: int = 1) -> None:
        """Count more of them."""
        seen, first = self.counts.get(reason, (0, example))
        self.counts[reason] = (seen + count, first)


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
    shapes = {m.id: cells.shape(m.model, p) for m in axes.models if m.model is not None}
    found, refused = runs(axes, table, precisions_pinned, explain)
    kinds = _Layouts(axes, found, _reach(axes.places), pinned)
    told([*refused, *kinds.refused], refusals.add)
    row, number = spread(kinds.counts[kinds.kind])
    which = kinds.first[kinds.kind[row]] + number
    tp, pp = kinds.tp[which], kinds.pp[which]
    if not explain:
        kept = _roomy(axes, shapes, found, kinds, row, tp, pp, p, context)
        row, tp, pp = row[kept], tp[kept], pp[kept]
    columns = (found.model, found.engine, found.precision, found.device)
    model, engine, precision, device = (narrow(c[row]) for c in columns)
    made = parts.table(axes, shapes, found, row, tp, pp, p) if len(row) else None
    return CellIndex(model, engine, precision, device, narrow(tp), narrow(pp), found.kv8[row], made, shapes)


def _roomy(
    axes: Axes,
    shapes: Mapping[str, cells.Shape],
    found: Runs,
    kinds: _Layouts,
    row: Any,
    tp: Any,
    pp: Any,
    p: Mapping[str, float],
    context: float,
) -> Any:
    """Cells without those that cannot hold the weights, and without stages that nothing asks for."""
    import numpy as np

    held = [shapes.get(m.id) for m in axes.models]
    total = np.array([s.total if s else np.nan for s in held])
    kept = np.array([s.kv_per_token * context / s.kv_shards if s else np.nan for s in held])
    bits = np.array([q.precision.bits_weights for q in axes.precisions])
    room = np.array([cells.memory_bytes(d.device, p) for d in axes.devices])[found.device]
    need = (total[found.model] * bits[found.precision] / 8.0)[row]
    most, roomy = p["search.hopeless"] * room, p["search.roomy"] * room - kept[found.model]
    skipped = (need > most[row] * tp * pp) | ((pp > 1) & (need <= roomy[row] * tp))
    return ~skipped | (kinds.counts[kinds.kind] <= 1)[row]


class _Layouts:
    """Layouts that each run allows, by the few things that they depend on."""

    def __init__(
        self,
        axes: Axes,
        found: Runs,
        reach: Mapping[tuple[str, str], tuple[int, int]],
        pinned: Sequence[LayoutPin],
    ) -> None:
        import numpy as np

        spans = [reach.get((d.id, d.pool), (0, 0)) for d in axes.devices]
        form, forms = numbered([_form(m) for m in axes.models])
        span, spread_over = numbered(spans)
        way, ways = numbered([parallel(e.framework) for e in axes.engines])
        code = (form[found.model] * max(ways, 1) + way[found.engine]) * max(spread_over, 1)
        code += span[found.device]
        kinds, self.kind = distinct(code, max(forms * ways * spread_over, 1))
        # First row of each kind, and how many (model, device, engine) have it.
        example = np.zeros(len(kinds), dtype=int)
        example[self.kind[::-1]] = np.arange(len(code))[::-1]
        own = np.stack([found.model, found.device, found.engine])
        new = np.ones(len(code), dtype=bool)
        new[1:] = (own[:, 1:] != own[:, :-1]).any(axis=0)
        having = np.bincount(self.kind[new], minlength=len(kinds))
        self.refused: list[Refused] = []
        lists = []
        for row, count in zip(example.tolist(), having.tolist(), strict=True):
            at = tuple(int(c[row]) for c in (found.model, found.device, found.engine))
            allowed, refused = _allowed(axes, at, spans[at[1]], pinned)
            lists.append(allowed)
            self.refused += [Refused((*at, 1, k), why, what, count) for k, (why, what) in enumerate(refused)]
        self.counts = np.array([len(one) for one in lists], dtype=np.int32)
        self.first = (np.cumsum(self.counts) - self.counts).astype(np.int32)
        pairs = np.array([pair for one in lists for pair in one], dtype=np.int32).reshape(-1, 2)
        self.tp, self.pp = pairs[:, 0], pairs[:, 1]


def _form(option: ModelOption) -> Hashable:
    """What layouts depend on, of a model."""
    arch = option.model.architecture if option.model is not None else None
    return option.role, arch and arch.heads, arch and arch.layers


def _allowed(
    axes: Axes, at: Sequence[int], span: tuple[int, int], pinned: Sequence[LayoutPin]
) -> tuple[list[tuple[int, int]], list[tuple[str, str]]]:
    """Layouts of a model on a device with an engine; of those pinned, which cannot be, and why."""
    option, device, engine = axes.models[at[0]], axes.devices[at[1]], axes.engines[at[2]].framework
    assert option.model is not None
    most, node = span
    free = layouts(option.model, engine, option.role, most, node)
    if not pinned:
        return free, []
    found: list[tuple[int, int]] = []
    for pin in pinned:
        exact = (pin.tp or 1, pin.pp or 1)
        like = [(t, q) for t, q in free if pin.tp in (None, t) and pin.pp in (None, q)]
        found += [*like, exact]
    allowed, refused = [], []
    for t, q in dict.fromkeys(found):
        reason = pinned_allowed(option.model, t, q)
        if t * q > most:
            reason = f"needs {t * q} devices, {most} can be had"
        if reason is None:
            allowed.append((t, q))
        else:
            refused.append((f"pinned layout tp{t}-pp{q}: {reason}", f"{option.id} on {device.id}"))
    return allowed, refused


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
