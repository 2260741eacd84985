"""Size all cells at once: does the load fit, how many replicas, what latency at that load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from selector.decide import passes
from selector.decide.axes import Axes
from selector.decide.enumerate import CellIndex
from selector.estimate import encoder, sizing
from selector.types.load import Load

COLUMNS = (
    *("fits", "shortfall", "replicas", "first_token_ms", "first_token_p95_ms", "per_output_token_ms"),
    *("request_p95_ms", "requests_per_s", "spread", "kv_bits", "spare"),
)


@dataclass(slots=True)
class Sized:
    """Columns over the cells. Milliseconds, requests per second, bytes; nan where unknown."""

    fits: Any
    shortfall: Any  # bytes missing on one device, 0 where it fits
    replicas: Any
    first_token_ms: Any
    first_token_p95_ms: Any
    per_output_token_ms: Any
    request_p95_ms: Any
    requests_per_s: Any  # whole system at capacity
    spread: Any
    memory: sizing.Memory | None
    kv_bits: Any  # of a cached value
    spare: Any  # of the replicas, those beside what carries the load


@dataclass(frozen=True, slots=True)
class Spare:
    """Replicas kept beside those that carry the load; assumed ones only as far as devices go."""

    count: int
    stated: bool


def with_spare(replicas: Any, most: Any, spare: Spare) -> Any:
    """Replicas with the spare ones, of `most` that can be had."""
    import numpy as np

    if spare.stated:
        return replicas + spare.count
    return replicas + np.clip(most - replicas, 0.0, spare.count)


def nothing() -> Sized:
    """Columns of no cells."""
    import numpy as np

    none = np.zeros(0)
    return Sized(none.astype(bool), none, none, none, none, none, none, none, none, None, none, none)


def size_cells(
    index: CellIndex, axes: Axes, load: Load, spare: Spare, caps: Any, cache: str, p: Mapping[str, float]
) -> Sized:
    """Size every cell; `caps` is the devices that can be had per cell (inf when rented).

    `cache` says how the cache of token generation is kept: auto (8 bits only where 16 do not fit
    and the engine has it), 16 or 8.
    """
    import numpy as np

    roles = np.array([m.role for m in axes.models])[index.model]
    token = roles == "llm"
    first = replace(load, kv_bits=np.where(index.kv8, 8.0, 16.0)) if cache == "8" else load
    generated = _within(index.cell, first, spare, caps, p)
    if cache == "8":
        generated.fits &= index.kv8
    elif cache == "auto":
        retry = token & index.kv8 & ~generated.fits & _room(generated)
        _again(generated, index, replace(load, kv_bits=8.0), spare, caps, retry, p)
    single = _single_pass(index, axes, load, spare, caps, p)
    for name in COLUMNS:
        setattr(generated, name, np.where(token, getattr(generated, name), getattr(single, name)))
    return generated


def _room(sized: Sized) -> Any:
    """Cells whose weights leave room for a cache."""
    m = sized.memory
    assert m is not None
    return m.usable > m.weights + m.activations + m.reserve


def _again(
    sized: Sized, index: CellIndex, load: Load, spare: Spare, caps: Any, rows: Any, p: Mapping[str, float]
) -> None:
    """Size some cells anew under another load; what fits then takes the place of what did not."""
    import numpy as np

    rows = np.nonzero(rows)[0]
    if not len(rows):
        return
    found = _within(take(index.cell, rows), load, spare, caps[rows], p)
    better = found.fits
    for name in COLUMNS:
        getattr(sized, name)[rows[better]] = getattr(found, name)[better]
    assert sized.memory is not None
    assert found.memory is not None
    for field in fields(sized.memory):
        getattr(sized.memory, field.name)[rows[better]] = getattr(found.memory, field.name)[better]


def take(cell: Any, rows: Any) -> Any:
    """Some rows of the cells."""
    return replace(cell, **{f.name: getattr(cell, f.name)[rows] for f in fields(cell)})


def _within(c: Any, load: Load, spare: Spare, caps: Any, p: Mapping[str, float]) -> Sized:
    """Token generation within the limit on time per token; one that nobody stated rules nothing
    out: what cannot keep it is sized without."""
    import numpy as np

    found = _generate(c, load, spare, caps, p)
    if not load.limit_assumed or load.per_output_token_limit_s is None:
        return found
    slow = np.nonzero(~found.fits & _room(found))[0]
    if len(slow):
        bits = load.kv_bits[slow] if np.ndim(load.kv_bits) else load.kv_bits
        free = replace(load, per_output_token_limit_s=None, kv_bits=bits)
        other = _generate(take(c, slow), free, spare, caps[slow], p)
        for name in COLUMNS:
            getattr(found, name)[slow[other.fits]] = getattr(other, name)[other.fits]
    return found


def _generate(c: Any, load: Load, spare: Spare, caps: Any, p: Mapping[str, float]) -> Sized:
    """Token generation by continuous batching."""
    import numpy as np

    mem = sizing.ledger(np, c, load, p)
    room = mem.usable - mem.weights - mem.activations - mem.reserve
    each = np.maximum(mem.per_sequence, 1.0)
    capacity = sizing.capacity(np, c, load, mem, p)
    replicas = np.ones_like(room)
    rate = np.zeros_like(room)
    batch = np.ones_like(room)
    group = c.tp * c.pp
    most = np.maximum(np.floor(caps / group), 0.0)
    if load.concurrency:
        # As many replicas as the longest sequences ask for, within what can be had.
        long = np.maximum(np.floor(np.maximum(room, 0.0) / each), 1.0)
        held = long if load.all_long else np.maximum(mem.batch, 1.0)
        replicas = np.minimum(np.ceil(load.concurrency / held), np.maximum(most, 1.0))
        batch = np.ceil(load.concurrency / replicas)
    elif load.peak_requests_per_second and load.scenario != "single_stream":
        wanted = load.peak_requests_per_second / p["serving.utilisation"]
        replicas = np.ceil(wanted / np.maximum(capacity, 1e-12))
        rate = load.peak_requests_per_second / np.maximum(replicas, 1.0)
    needed = batch * each if load.concurrency and load.all_long else each
    shortfall = np.maximum(needed - room, 0.0)
    fits = (shortfall <= 0.0) & (capacity > 0.0) & (c.memory_bytes > 0.0)
    carrying = np.where(fits, np.minimum(replicas, 1e6), 1.0)
    replicas = with_spare(carrying, most, spare)
    enough = replicas <= most
    fits = fits & enough
    return Sized(
        fits=fits,
        shortfall=np.where(enough, shortfall, np.maximum(shortfall, 1.0)),
        replicas=replicas,
        **answer_ms(c, load, mem, rate, batch, p),
        requests_per_s=capacity * replicas,
        spread=np.array(c.step_spread),
        memory=mem,
        kv_bits=np.zeros_like(room) + load.kv_bits,
        spare=replicas - carrying,
    )


def answer_ms(
    c: Any, load: Load, mem: sizing.Memory, rate: Any, batch: Any, p: Mapping[str, float]
) -> dict[str, Any]:
    """Milliseconds of a replica that gets `rate` requests a second, or holds `batch` where that is 0."""
    import numpy as np

    held = sizing.settled(np, c, load, mem, rate, batch, p)
    t = sizing.times(np, c, load, held, rate, p)
    return in_ms(t, load)


def in_ms(t: sizing.Times, load: Load) -> dict[str, Any]:
    """Milliseconds that are printed: the request is its slow first token and all tokens after it."""
    return {
        "first_token_ms": t.first_token * 1e3,
        "first_token_p95_ms": t.first_token_p95 * 1e3,
        "per_output_token_ms": t.per_output_token * 1e3,
        "request_p95_ms": (t.first_token_p95 + load.output_tokens * t.per_output_token) * 1e3,
    }


def _single_pass(
    index: CellIndex, axes: Axes, load: Load, spare: Spare, caps: Any, p: Mapping[str, float]
) -> Sized:
    """Models that answer in one pass; rate unknown (nan) where operations or peak are unknown."""
    import numpy as np

    c = index.cell
    columns = _pass_columns(index, axes, load, p).over(c.tp * c.pp)
    batch = p["encoder.batch"] if load.scenario != "single_stream" else 1.0
    alone = encoder.batch_seconds(np, columns, 1.0)
    capacity = encoder.items_per_second(np, columns, batch)
    if load.scenario == "online":
        capacity = capacity * columns.served_fraction
    known = capacity > 0.0
    peak = load.peak_requests_per_second or 0.0
    wanted = peak / p["serving.utilisation"]
    replicas = np.where(known, np.maximum(np.ceil(wanted / np.where(known, capacity, 1.0)), 1.0), 1.0)
    most = np.maximum(np.floor(caps / (c.tp * c.pp)), 0.0)
    carrying, replicas = replicas, with_spare(replicas, most, spare)
    p95 = encoder.tail_seconds(np, alone, capacity, peak / replicas, p["serving.wait_tail"]) * 1e3
    needed = encoder.memory_bytes(columns, batch, p["encoder.context_gb"] * 1e9, p["encoder.weight_copies"])
    shortfall = np.maximum(needed - c.memory_bytes * c.usable_fraction, 0.0)
    fits = (shortfall <= 0.0) & (c.memory_bytes > 0.0) & (replicas <= most)
    return Sized(
        fits=fits,
        shortfall=shortfall,
        replicas=replicas,
        first_token_ms=alone * 1e3,
        first_token_p95_ms=p95,
        per_output_token_ms=np.zeros_like(p95),
        request_p95_ms=p95,
        requests_per_s=capacity * replicas,
        spread=columns.rate_spread,
        memory=None,
        kv_bits=np.full_like(p95, 16.0),
        spare=replicas - carrying,
    )


def _pass_columns(index: CellIndex, axes: Axes, load: Load, p: Mapping[str, float]) -> passes.Pass:
    """Columns of the cells that answer in one pass; nan in the others."""
    import numpy as np

    one_pass = np.array([m.role != "llm" for m in axes.models])[index.model]
    stacks = np.stack([index.model, index.engine, index.precision, index.device], axis=1)
    distinct, where = np.unique(stacks[one_pass], axis=0, return_inverse=True)
    names = [f.name for f in fields(passes.Pass)]
    table = np.full((len(distinct) + 1, len(names)), np.nan)
    for row, (m, e, q, d) in enumerate(distinct):
        option, device, precision = axes.models[m], axes.devices[d].device, axes.precisions[q].precision
        if option.model is None:
            continue
        form = passes.form_of(precision, device)
        found = passes.make(
            option.model,
            index.shapes[option.id],
            device,
            axes.engines[e].id,
            form,
            precision.bits_weights,
            passes.Item.of(option.role, load.input_tokens),
            p,
        )
        table[row] = [getattr(found, n) for n in names]
    place = np.full(len(stacks), len(distinct))
    place[one_pass] = where.reshape(-1)
    return passes.Pass(**dict(zip(names, table[place].T, strict=True)))
