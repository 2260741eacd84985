"""Size one replica: memory ledger, batch that fits, step times, rate, latency.

The functions take a `Cell` of floats (`SCALAR`) or of arrays (numpy) and return the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selector.estimate import memory, serving
from selector.estimate.numeric import Numeric
from selector.types.load import Load

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
FIXED_POINT_STEPS = 8
NOT_KNOWN = float("nan")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device of a replica."""

    weights: Any
    activations: Any
    reserve: Any
    usable: Any
    per_sequence: Any  # cache of one sequence at the longest context
    batch: Any  # sequences of average length that fit beside the rest


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds, and requests a second of one replica, at the operating batch."""

    batch: Any
    step: Any
    floor: Any
    per_output_token: Any
    prefill: Any
    first_token: Any
    first_token_p95: Any
    rate: Any


def ledger(xp: Numeric, c: Any, load: Load, p: Mapping[str, float]) -> Memory:
    """Memory of one device (formula `memory.ledger`)."""
    computed = memory.weight_bytes(xp, c.total_params, c.embedding_params, c.bits)
    whole = xp.where(c.weights_known > 0.0, c.weights_known, computed)
    weights = whole / (c.tp * c.pp)
    activations = memory.activation_bytes(
        p["memory.prefill_chunk_tokens"],
        c.hidden,
        p["memory.activation_multiple"],
        c.vocab,
        c.tp,
    )
    share = memory.cache_share(xp, c.tp, c.pp, c.kv_shards)
    longest = max(load.context_tokens, load.input_tokens + load.output_tokens)
    per_sequence = share * memory.cache_bytes_per_sequence(
        c.kv_per_token, longest, c.kv_constant, load.kv_bits
    )
    typical = share * memory.cache_bytes_per_sequence(
        c.kv_per_token, load.input_tokens + load.output_tokens, c.kv_constant, load.kv_bits
    )
    usable = c.memory_bytes * c.usable_fraction
    room = usable - weights - activations - c.reserve
    batch = xp.floor(xp.maximum(room, 0.0) / xp.maximum(typical, 1.0))
    return Memory(weights, activations, c.reserve, usable, per_sequence, batch)


def step_at(xp: Numeric, c: Any, load: Load, batch: Any) -> tuple[Any, Any]:
    """Seconds of a decode step at a batch, and its floor (formula `serving.decode_step`)."""
    touched = serving.touched_params(xp, c.total_params, c.active_params, c.experts, c.experts_active, batch)
    # The input embedding is looked up, not read whole; what is read of it is one row a token.
    read = xp.maximum(touched - 0.5 * c.embedding_params, 1.0)
    weights = read * c.bits / 8.0 / (c.tp * c.pp)
    context = load.input_tokens + load.output_tokens / 2.0
    share = memory.cache_share(xp, c.tp, c.pp, c.kv_shards)
    cache = (
        batch * share * memory.cache_bytes_per_sequence(c.kv_per_token, context, c.kv_constant, load.kv_bits)
    )
    flops = 2.0 * c.active_params * batch / (c.tp * c.pp)
    step = serving.decode_step(
        xp,
        weight_bytes=weights * c.pp,
        cache_bytes=cache * c.pp,
        flops=xp.where(c.peak > 0.0, flops * c.pp, 0.0),
        bandwidth=c.bandwidth,
        peak=xp.maximum(c.peak, 1.0),
        bandwidth_fraction=c.bandwidth_fraction,
        compute_fraction=c.compute_fraction,
        layers=c.layers,
        layer_seconds=c.layer_seconds,
    )
    return step, serving.decode_floor(weights * c.pp, cache * c.pp, c.bandwidth)


def prefill(xp: Numeric, c: Any, load: Load, tokens: float, p: Mapping[str, float]) -> Any:
    """Seconds to read a prompt on an otherwise idle replica (formula `serving.prefill`)."""
    fresh = max(tokens * (1.0 - load.cached_prefix_fraction), 1.0)
    flops = serving.prefill_flops(c.active_params, fresh, c.attention_width)
    weights = c.total_params * c.bits / 8.0 / (c.tp * c.bandwidth * c.bandwidth_fraction)
    seconds = serving.prefill_seconds(
        xp,
        flops=flops,
        tokens=fresh,
        peak=xp.maximum(c.peak, 1.0) * c.tp,
        fraction=c.prefill_fraction,
        half_tokens=p["serving.prefill_half_tokens"],
        weight_seconds=weights * xp.minimum(c.active_params * fresh / xp.maximum(c.total_params, 1.0), 1.0),
    )
    return xp.where(c.peak > 0.0, seconds, NOT_KNOWN)


def capacity(xp: Numeric, c: Any, load: Load, mem: Memory, p: Mapping[str, float]) -> Any:
    """Most requests a second that a replica answers within the limit on time per output token."""
    read = _interference(xp, c, prefill(xp, c, load, load.input_tokens, p))
    limit = load.per_output_token_limit_s or float("inf")
    best: Any = 0.0 * mem.batch
    for batch in BATCHES if load.scenario != "single_stream" else (1,):
        step, _ = step_at(xp, c, load, float(batch))
        tpot = serving.per_output_token(step, batch - 1, load.output_tokens, read)
        rate = batch / (load.output_tokens * serving.per_output_token(step, batch, load.output_tokens, read))
        allowed = (mem.batch >= batch) & (tpot <= limit)
        best = xp.maximum(best, xp.where(allowed, rate, 0.0))
    return best


def _interference(xp: Numeric, c: Any, read: Any) -> Any:
    """Prefill that delays decoding; nothing where no peak is published, which `prefill` says."""
    return xp.where(c.peak > 0.0, read, 0.0)


def times(
    xp: Numeric, c: Any, load: Load, mem: Memory, rate: Any, batch: Any, p: Mapping[str, float]
) -> Times:
    """Latency of a replica that gets `rate` requests a second, or holds `batch` sequences.

    Where `rate` is above 0 the batch follows from it by fixed point: batch = rate x output
    tokens x time per output token.
    """
    read = prefill(xp, c, load, load.input_tokens, p)
    beside = _interference(xp, c, read)
    held: Any = batch
    for _ in range(FIXED_POINT_STEPS):
        step, _floor = step_at(xp, c, load, held)
        cycle = serving.per_output_token(step, held, load.output_tokens, beside)
        wanted = xp.maximum(rate * load.output_tokens * cycle, 1.0)
        held = xp.where(rate > 0.0, xp.minimum(wanted, xp.maximum(mem.batch, 1.0)), held)
    step, floor = step_at(xp, c, load, held)
    # A sequence waits for the prefill of the others between its tokens, and for its own before them.
    others = xp.maximum(held - 1.0, 0.0)
    tpot = xp.maximum(serving.per_output_token(step, others, load.output_tokens, beside), floor)
    cycle = xp.maximum(serving.per_output_token(step, held, load.output_tokens, beside), floor)
    answered = held / (load.output_tokens * cycle)
    first = c.floor_seconds + read + step
    wait = serving.queue_wait(xp, xp.where(rate > 0.0, rate, answered), read)
    tail = prefill(xp, c, load, load.input_tokens_p95, p)
    first_p95 = c.floor_seconds + tail + step + p["serving.wait_tail"] * wait
    return Times(held, step, floor, tpot, read, first, first_p95, answered)
