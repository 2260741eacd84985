"""Size all cells: does the load fit, how many replicas, what latency at that load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from selector.decide import generate, passes
from selector.decide.axes import Axes
from selector.decide.enumerate import CellIndex
from selector.decide.scale_out import scale_out
from selector.decide.spare import Spare, with_spare
from selector.estimate import encoder, sizing
from selector.types.load import Load
from selector.types.requirement import LatencyLimits

# Cells at a time: a column of so many, and those computed from it, stay in the cache of a core.
CHUNK = 16384
COLUMNS = (
    *("replicas", "spare", "first_token_ms", "first_token_p95_ms", "per_output_token_ms"),
    *("request_p95_ms", "requests_per_s", "kv_bits", "held"),
    *("first_token_spread", "token_spread", "request_spread", "rate_spread"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Columns of `Sized` that no candidate holds."""

    fits: Any
    shortfall: Any
    rows: Any
    held: Any


@dataclass(frozen=True, slots=True)
class Sized:
    """Which cells carry the load, and columns over those that do (`rows`).

    Milliseconds, requests per second, bytes; nan where unknown.
    """

    fits: Any  # over all cells
    shortfall: Any  # over all cells: bytes missing on one device, 0 where it fits
    rows: Any
    replicas: Any
    spare: Any  # of the replicas, those beside what carries the load
    first_token_ms: Any
    first_token_p95_ms: Any
    per_output_token_ms: Any
    request_p95_ms: Any
    requests_per_s: Any  # whole system at capacity
    kv_bits: Any  # of a cached value
    held: Any  # requests in flight on a replica that carries the load
    # p90 over p50
    first_token_spread: Any
    token_spread: Any
    request_spread: Any
    rate_spread: Any

    @property
    def kept(self) -> Kept:
        """What is asked for after the candidates have taken the other columns over."""
        return Kept(self.fits, self.shortfall, self.rows, self.held)


def nothing() -> Sized:
    """Columns of no cells."""
    none = np.zeros(0)
    return Sized(none.astype(bool), none, none.astype(int), **dict.fromkeys(COLUMNS, none))


def size_cells(
    index: CellIndex,
    axes: Axes,
    load: Load,
    limits: LatencyLimits,
    spare: Spare,
    caps: Any,
    cache: str,
    p: Mapping[str, float],
) -> Sized:
    """Size every cell; `caps` is the devices that can be had of each device of the axes (inf when
    rented), `limits` those on latency that more replicas may keep; `cache` as of `generate.carry`."""
    assert index.cell is not None
    one_pass = np.array([m.role != "llm" for m in axes.models])
    # Cells of equal numbers, such as those of one device under two names, are sized once.
    _, had = np.unique(caps, return_inverse=True)
    own = (index.model, index.precision, index.engine, index.device)
    told = [np.where(one_pass[index.model], column, -1) for column in own]
    first, which = index.cell.alike(index.kv8, had[index.device], *told)
    fits, shortfall, columns = _distinct(index, first, one_pass, axes, load, limits, spare, caps, cache, p)
    rows = np.nonzero(fits[which])[0]
    found = (np.cumsum(fits) - 1)[which[rows]]
    return Sized(fits[which], shortfall[which], rows, **{k: v[found] for k, v in columns.items()})


def _distinct(
    index: CellIndex,
    cells: Any,
    one_pass: Any,
    axes: Axes,
    load: Load,
    limits: LatencyLimits,
    spare: Spare,
    caps: Any,
    cache: str,
    p: Mapping[str, float],
) -> tuple[Any, Any, dict[str, Any]]:
    """Of some cells which fit, bytes short, and columns of those that fit."""
    fits, shortfall = np.zeros(len(cells), dtype=bool), np.zeros(len(cells))
    single = one_pass[index.model[cells]]
    rows: list[Any] = []
    parts: list[dict[str, Any]] = []
    for alone in (False, True):
        for chosen in _chunks(np.nonzero(single == alone)[0]):
            own = cells[chosen]
            most = caps[index.device[own]]
            if alone:
                found = _single_pass(index, own, axes, load, spare, most, p)
            else:
                found = _generated(index, own, load, limits, spare, most, cache, p)
            fits[chosen], shortfall[chosen] = found[:2]
            rows.append(chosen[found[0]])
            parts.append(found[2])
    order = np.argsort(np.concatenate(rows), kind="stable")
    return fits, shortfall, {k: np.concatenate([q[k] for q in parts])[order] for k in COLUMNS}


def _chunks(rows: Any) -> Iterator[Any]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def ledger(index: CellIndex, row: int, load: Load, kv_bits: float, p: Mapping[str, float]) -> sizing.Memory:
    """Memory of one cell, bytes on one device of a replica."""
    assert index.cell is not None
    found = sizing.ledger(np, index.cell.take(slice(row, row + 1)), replace(load, kv_bits=kv_bits), p)
    return generate.some(found, 0)


def _generated(
    index: CellIndex,
    rows: Any,
    load: Load,
    limits: LatencyLimits,
    spare: Spare,
    caps: Any,
    cache: str,
    p: Mapping[str, float],
) -> tuple[Any, Any, dict[str, Any]]:
    """Token generation by continuous batching: what fits, bytes short, columns of what fits."""
    assert index.cell is not None
    c = index.cell.take(rows)
    carried = generate.carry(c, index.kv8[rows], load, spare, caps, cache, p)
    good = np.nonzero(carried.fits)[0]
    c, found, caps = c.take(good), generate.some(carried, good), caps[good]
    asked = replace(load, kv_bits=found.kv_bits)
    mem = sizing.ledger(np, c, asked, p)
    columns = {
        "replicas": found.replicas,
        "spare": found.spare,
        **generate.answer_ms(c, asked, mem, found.rate, found.batch, p),
        "requests_per_s": found.capacity * found.replicas,
        "rate_spread": c.rate_spread,
        "kv_bits": found.kv_bits,
    }
    scale_out(columns, c, load, limits, spare, caps, p)
    return carried.fits, carried.shortfall, columns


def _single_pass(
    index: CellIndex, rows: Any, axes: Axes, load: Load, spare: Spare, caps: Any, p: Mapping[str, float]
) -> tuple[Any, Any, dict[str, Any]]:
    """Models that answer in one pass; rate unknown (nan) where operations or peak are unknown."""
    assert index.cell is not None
    c = index.cell.take(rows)
    columns = _pass_columns(index, rows, axes, load, p).over(c.tp * c.pp)
    batch = p["encoder.batch"] if load.scenario != "single_stream" else 1.0
    alone = encoder.batch_seconds(np, columns, 1.0)
    capacity = encoder.items_per_second(np, columns, batch)
    if load.scenario == "online":
        capacity = capacity * columns.served_fraction
    known = capacity > 0.0
    peak = load.peak_requests_per_second or 0.0
    wanted = peak / p["serving.utilisation"]
    carrying = np.where(known, np.maximum(np.ceil(wanted / np.where(known, capacity, 1.0)), 1.0), 1.0)
    most = np.maximum(np.floor(caps / (c.tp * c.pp)), 0.0)
    replicas = with_spare(carrying, most, spare)
    p95 = encoder.tail_seconds(np, alone, capacity, peak / replicas, p["serving.wait_tail"]) * 1e3
    needed = encoder.memory_bytes(columns, batch, p["encoder.context_gb"] * 1e9, p["encoder.weight_copies"])
    shortfall = np.maximum(needed - c.memory_bytes * c.usable_fraction, 0.0)
    fits = (shortfall <= 0.0) & (c.memory_bytes > 0.0) & (replicas <= most)
    found = {
        "replicas": replicas,
        "spare": replicas - carrying,
        "first_token_ms": alone * 1e3,
        "first_token_p95_ms": p95,
        "per_output_token_ms": np.zeros_like(p95),
        "request_p95_ms": p95,
        "requests_per_s": capacity * replicas,
        "kv_bits": np.full_like(p95, 16.0),
        "held": np.ones_like(p95),
        **dict.fromkeys(("first_token_spread", "token_spread", "request_spread"), columns.latency_spread),
        "rate_spread": columns.rate_spread,
    }
    return fits, shortfall, {k: v[fits] for k, v in found.items()}


def pass_bytes(
    index: CellIndex, row: int, axes: Axes, load: Load, p: Mapping[str, float]
) -> tuple[float, float]:
    """Bytes that a model which answers in one pass holds on each device, and bytes that can be used."""
    assert index.cell is not None
    rows = np.array([row])
    c = index.cell.take(rows)
    columns = _pass_columns(index, rows, axes, load, p).over(c.tp * c.pp)
    batch = p["encoder.batch"] if load.scenario != "single_stream" else 1.0
    held = encoder.memory_bytes(columns, batch, p["encoder.context_gb"] * 1e9, p["encoder.weight_copies"])
    return float(held[0]), float((c.memory_bytes * c.usable_fraction)[0])


def _pass_columns(index: CellIndex, rows: Any, axes: Axes, load: Load, p: Mapping[str, float]) -> passes.Pass:
    """Columns of cells that answer in one pass."""
    stacks = np.stack([index.model, index.engine, index.precision, index.device], axis=1)[rows]
    distinct, where = np.unique(stacks, axis=0, return_inverse=True)
    names = list(passes.Pass.__dataclass_fields__)
    table = np.full((len(distinct), len(names)), np.nan)
    for row, (m, e, q, d) in enumerate(distinct):
        option, device, precision = axes.models[m], axes.devices[d].device, axes.precisions[q].precision
        assert option.model is not None
        form = passes.form_of(precision, device)
        item = passes.Item.of(option.role, load.input_tokens)
        shp, engine = index.shapes[option.id], axes.engines[e].id
        bits, told = precision.bits_weights, option.published
        found = passes.make(option.model, shp, device, engine, form, bits, item, p, published=told)
        table[row] = [getattr(found, n) for n in names]
    return passes.Pass(**dict(zip(names, table[where.reshape(-1)].T, strict=True)))
