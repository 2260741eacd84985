"""Size cells whose models generate tokens: does the load fit, on how many replicas, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from selector.decide.spare import Spare, with_spare
from selector.estimate import serving, sizing
from selector.types.load import Load

MOST_REPLICAS = 1e6
MOST_LEFT = 0.8  # of the rows of a round: beyond that it costs less to go on with all of them
Group = TypeVar("Group", "Carried", sizing.Memory)


@dataclass(slots=True)
class Carried:
    """Columns over cells: what carries the load. `rate` is requests a second of one replica and 0
    where `batch` sequences are in flight instead."""

    fits: Any
    shortfall: Any  # bytes missing on one device, 0 where it fits
    roomy: Any  # True where the weights leave room for a cache
    replicas: Any
    spare: Any  # of the replicas, those beside what carries the load
    rate: Any
    batch: Any
    capacity: Any  # most requests a second of one replica
    kv_bits: Any

    def put(self, rows: Any, other: Carried) -> None:
        """Take the columns of other cells over into some rows."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)


def some(columns: Group, rows: Any) -> Group:
    """Some rows of columns in a dataclass."""
    return type(columns)(**{f.name: getattr(columns, f.name)[rows] for f in fields(columns)})


def carry(
    c: Any, kv8: Any, load: Load, spare: Spare, caps: Any, cache: str, p: Mapping[str, float]
) -> Carried:
    """What carries the load within `caps` devices a cell.

    `cache` says how the cache of token generation is kept: auto (8 bits only where 16 do not fit
    and the engine has it, `kv8`), 16 or 8.
    """
    first = replace(load, kv_bits=np.where(kv8, 8.0, 16.0)) if cache == "8" else load
    found = _within(c, first, spare, caps, p)
    if cache == "8":
        found.fits &= kv8
    elif cache == "auto":
        rows = np.nonzero(kv8 & ~found.fits & found.roomy)[0]
        _retry(found, c, replace(load, kv_bits=8.0), spare, caps, rows, p, limit_only=False)
    return found


def _within(c: Any, load: Load, spare: Spare, caps: Any, p: Mapping[str, float]) -> Carried:
    """Within the limit on time per token; one that nobody stated rules nothing out: what cannot keep
    it is sized without."""
    found = _carry(c, load, spare, caps, p)
    if load.limit_assumed and load.per_output_token_limit_s is not None:
        rows = np.nonzero(~found.fits & found.roomy)[0]
        free = replace(_own(load, rows), per_output_token_limit_s=None)
        _retry(found, c, free, spare, caps, rows, p, limit_only=True)
    return found


def _retry(
    found: Carried,
    c: Any,
    load: Load,
    spare: Spare,
    caps: Any,
    rows: Any,
    p: Mapping[str, float],
    limit_only: bool,
) -> None:
    """Size some rows under another load; what fits then takes the place of what did not."""
    if not len(rows):
        return
    size = _carry if limit_only else _within
    other = size(c.take(rows), load, spare, caps[rows], p)
    better = np.nonzero(other.fits)[0]
    found.put(rows[better], some(other, better))


def _carry(c: Any, load: Load, spare: Spare, caps: Any, p: Mapping[str, float]) -> Carried:
    """Memory first; how fast only for what fits in it."""
    mem = sizing.ledger(np, c, load, p)
    room = mem.usable - mem.weights - mem.activations - mem.reserve
    each = np.maximum(mem.per_sequence, 1.0)
    most = np.maximum(np.floor(caps / (c.tp * c.pp)), 0.0)
    replicas, rate, batch = np.ones_like(room), np.zeros_like(room), np.ones_like(room)
    if load.concurrency:
        # As many replicas as the longest sequences ask for, within what can be had.
        long = np.maximum(np.floor(np.maximum(room, 0.0) / each), 1.0)
        held = long if load.all_long else np.maximum(mem.batch, 1.0)
        replicas = np.minimum(np.ceil(load.concurrency / held), np.maximum(most, 1.0))
        batch = np.ceil(load.concurrency / replicas)
    needed = batch * each if load.concurrency and load.all_long else each
    shortfall = np.maximum(needed - room, 0.0)
    able = np.nonzero((shortfall <= 0.0) & (c.memory_bytes > 0.0))[0]
    capacity = np.zeros_like(room)
    capacity[able] = _capacity(c, load, mem, able, p)
    if not load.concurrency and load.peak_requests_per_second and load.scenario != "single_stream":
        wanted = load.peak_requests_per_second / p["serving.utilisation"]
        replicas = np.ceil(wanted / np.maximum(capacity, 1e-12))
        rate = load.peak_requests_per_second / np.maximum(replicas, 1.0)
    fits = capacity > 0.0
    carrying = np.where(fits, np.minimum(replicas, MOST_REPLICAS), 1.0)
    replicas = with_spare(carrying, most, spare)
    enough = replicas <= most
    return Carried(
        fits=fits & enough,
        shortfall=np.where(enough, shortfall, np.maximum(shortfall, 1.0)),
        roomy=mem.usable > mem.weights + mem.activations + mem.reserve,
        replicas=replicas,
        spare=replicas - carrying,
        rate=rate,
        batch=batch,
        capacity=capacity,
        kv_bits=np.zeros_like(room) + load.kv_bits,
    )


def _capacity(c: Any, load: Load, mem: sizing.Memory, rows: Any, p: Mapping[str, float]) -> Any:
    """Most requests a second of one replica, of some cells: what `sizing.capacity` finds among all
    batches, by halves. A larger batch answers more and takes longer for each token, so the largest
    that keeps the limit on time per output token is the best."""
    tried = np.array(sizing.batches(load), dtype=float)
    c, mem, load = c.take(rows), some(mem, rows), _own(load, rows)
    read = sizing.interference(np, c, load, p)
    best = np.zeros(len(rows))
    low = np.zeros(len(rows), dtype=int)
    high = np.minimum(np.searchsorted(tried, sizing.fullest(np, c, mem)), len(tried) - 1)
    left, middle = np.arange(len(rows)), high
    while len(left):
        _, rate, kept = sizing.at_batch(np, c, load, mem, read, tried[middle])
        best[left[kept]] = rate[kept]
        low, high = np.where(kept, middle + 1, low), np.where(kept, high, middle - 1)
        going = np.nonzero(low <= high)[0]
        if len(going) < len(left):
            left, low, high = left[going], low[going], high[going]
            c, mem, read, load = c.take(going), some(mem, going), read[going], _own(load, going)
        middle = (low + high) // 2
    return best


def answer_ms(
    c: Any, load: Load, mem: sizing.Memory, rate: Any, batch: Any, p: Mapping[str, float]
) -> dict[str, Any]:
    """Milliseconds of a replica that gets `rate` requests a second, or holds `batch` where that is 0, with
    p90 over p50 of each time and the sequences `held`."""
    beside = sizing.interference(np, c, load, p)
    held = _settled(c, load, mem, rate, batch, beside)
    found = in_ms(sizing.times(np, c, load, held, rate, p, beside), load)
    first = sizing.first_token_spread(np, c, held)
    return found | {
        "held": held,
        "first_token_spread": first,
        "token_spread": c.step_spread,
        "request_spread": request_spread(found, first, c.step_spread, load),
    }


def request_spread(found: Mapping[str, Any], first: Any, token: Any, load: Load) -> Any:
    """p90 over p50 of requests, from the times and from those of first tokens and of tokens."""
    tokens = load.output_tokens * found["per_output_token_ms"]
    return serving.request_spread(np, found["first_token_p95_ms"], first, tokens, token)


def in_ms(t: sizing.Times, load: Load) -> dict[str, Any]:
    """Milliseconds that are printed: the request is its slow first token and all tokens after it."""
    return {
        "first_token_ms": t.first_token * 1e3,
        "first_token_p95_ms": t.first_token_p95 * 1e3,
        "per_output_token_ms": t.per_output_token * 1e3,
        "request_p95_ms": (t.first_token_p95 + load.output_tokens * t.per_output_token) * 1e3,
    }


def _settled(c: Any, load: Load, mem: sizing.Memory, rate: Any, batch: Any, beside: Any) -> Any:
    """Sequences that replicas hold (`sizing.settled`); those that a round does not move are done."""
    found = batch.copy()
    left = np.arange(len(found))
    for _ in range(sizing.FIXED_POINT_STEPS):
        held = sizing.closer(np, c, load, mem, rate, found[left], beside)
        going = np.nonzero(held != found[left])[0]
        found[left] = held
        if len(going) < MOST_LEFT * len(left):
            left, c, mem = left[going], c.take(going), some(mem, going)
            rate, beside = rate[going], beside[going]
            load = _own(load, going)
        if not len(left):
            break
    return found


def _own(load: Load, rows: Any) -> Load:
    """The load of some cells."""
    return replace(load, kv_bits=load.kv_bits[rows]) if np.ndim(load.kv_bits) else load
