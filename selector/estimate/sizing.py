"""Size one replica: memory ledger, batch that fits, step times, rate, latency.

The functions take a `Cell` of floats (`SCALAR`) or of arrays (numpy) and return the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selector.estimate import memory, serving
from selector.estimate.numeric import Numeric, scaled
from selector.estimate.trace import formula
from selector.types.load import Load

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
FIXED_POINT_STEPS = 8
ALONE = 2.0  # requests in flight up to which a first token hardly waits for others
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


@formula("memory.ledger", "bytes", {"batch": "sequences"})
def ledger(xp: Numeric, c: Any, load: Load, p: Mapping[str, float]) -> Memory:
    """Memory of one device (formula `memory.ledger`)."""
    computed = memory.weight_bytes(xp, c.total_params, c.embedding_params * c.wide_embeddings, c.bits)
    whole = xp.where(c.weights_known > 0.0, c.weights_known, computed)
    weights = scaled(whole / (c.tp * c.pp), c.memory_factor)
    activations = memory.activation_bytes(
        p["memory.prefill_chunk_tokens"],
        c.hidden,
        p["memory.activation_multiple"],
        c.vocab,
        c.tp,
    )
    activations, reserve = scaled(activations, c.memory_factor), scaled(c.reserve, c.memory_factor)
    share = scaled(memory.cache_share(xp, c.tp, c.pp, c.kv_shards), c.memory_factor)
    longest = xp.maximum(load.context_tokens, load.input_tokens + load.output_tokens)
    per_sequence = share * cache(xp, c, longest, load)
    typical = share * cache(xp, c, load.input_tokens + load.output_tokens, load)
    usable = c.memory_bytes * c.usable_fraction
    room = usable - weights - activations - reserve
    batch = xp.floor(xp.maximum(room, 0.0) / xp.maximum(typical, 1.0))
    return Memory(weights, activations, reserve, usable, per_sequence, batch)


@formula("memory.sequence", "bytes")
def cache(xp: Numeric, c: Any, context: Any, load: Load) -> Any:
    """Bytes that one sequence of `context` tokens keeps over the whole model."""
    return memory.cache_bytes_per_sequence(
        xp, c.kv_per_token, context, c.kv_sliding_per_token, c.window_tokens, c.state_bytes, load.kv_bits
    )


@formula("serving.decode_step", "s")
def step_at(xp: Numeric, c: Any, load: Load, batch: Any) -> tuple[Any, Any]:
    """Seconds of a decode step at a batch, and its floor (formula `serving.decode_step`).

    Pipeline stages work on their shares of the batch in turn: a token passes all of them.
    """
    held = xp.maximum(batch / c.pp, 1.0)
    touched = serving.touched_params(xp, c.total_params, c.active_params, c.experts, c.experts_active, held)
    weights = (
        memory.read_bytes(xp, touched, c.embedding_params, c.head_params, c.wide_embeddings, c.bits) / c.tp
    )
    context = xp.minimum(load.input_tokens + load.output_tokens / 2.0, c.attended_tokens)
    share = memory.cache_share(xp, c.tp, 1.0, c.kv_shards)
    kept = held * share * cache(xp, c, context, load)
    reading = (weights / c.bandwidth_fraction + kept / c.cache_fraction) / c.bandwidth
    flops = serving.decode_flops(c.active_params, held, c.decode_width, context) / c.tp
    computing = xp.where(c.peak > 0.0, flops / (xp.maximum(c.peak, 1.0) * c.compute_fraction), 0.0)
    link = c.link_bytes_per_s * c.link_fraction
    step = (
        serving.overlapped(xp, reading, computing)
        + serving.exchange_seconds(c.layers, held, c.hidden, c.tp, link)
        + serving.reduce_latency(xp, c.layers, c.tp, c.reduce_seconds)
        + c.layers * c.layer_seconds
        + c.step_seconds
        + held * c.sequence_seconds
    )
    return step, serving.decode_floor(weights, kept, c.bandwidth)


@formula("serving.prefill", "s")
def prefill(xp: Numeric, c: Any, load: Load, tokens: Any, together: float = 1.0) -> Any:
    """Seconds to read a prompt (formula `serving.prefill`); nan where no peak is published.

    Prompts longer than the engine's chunk are read in pieces, each of which reads the weights.
    Engines that read prompts of at least `together` tokens at once share the reading of the weights
    and the launches of the layers between them.
    """
    fresh = xp.maximum(tokens * (1.0 - load.cached_prefix_fraction), 1.0)
    at_once = xp.minimum(xp.maximum(fresh, together), xp.maximum(c.chunk_tokens, 1.0))
    flops = serving.prefill_flops(xp, c.active_params, fresh, c.attention_width, c.attended_tokens)
    rows = at_once * c.experts_active / xp.maximum(c.experts, 1.0)
    fraction = c.prefill_fraction * serving.filled(rows, c.rows_half)
    computing = flops / (xp.maximum(c.peak, 1.0) * c.tp * fraction)
    touched = serving.touched_params(
        xp, c.total_params, c.active_params, c.experts, c.experts_active, at_once
    )
    reading = touched * c.bits / 8.0 / (c.tp * c.bandwidth * c.bandwidth_fraction) * fresh / at_once
    link = c.link_bytes_per_s * c.link_fraction
    seconds = serving.overlapped(xp, reading, computing) + serving.exchange_seconds(
        c.layers, fresh, c.hidden, c.tp, link
    )
    launches = c.layers * c.prefill_layer_seconds * fresh / at_once
    # Launches run ahead of the work that they start.
    return xp.where(c.peak > 0.0, serving.overlapped(xp, seconds, launches), NOT_KNOWN)


@formula("serving.replica_capacity", "requests/s")
def operating(xp: Numeric, c: Any, load: Load, mem: Memory, p: Mapping[str, float]) -> tuple[Any, Any]:
    """Most requests a second of a replica within the limit on time per output token, and the
    batch that it holds then (formula `serving.capacity`); 0 where not even one sequence is."""
    read = interference(xp, c, load, p)
    best: Any = 0.0 * mem.batch
    held: Any = 0.0 * mem.batch + 1.0
    for most in batches(load):
        batch, rate, kept = at_batch(xp, c, load, mem, read, float(most))
        better = kept & (rate > best)
        best, held = xp.where(better, rate, best), xp.where(better, batch, held)
    return best, held


def batches(load: Load) -> tuple[int, ...]:
    """Batches that are tried, ascending."""
    return BATCHES if load.scenario != "single_stream" else (1,)


def at_batch(xp: Numeric, c: Any, load: Load, mem: Memory, read: Any, most: float) -> tuple[Any, Any, Any]:
    """Batch of a replica that takes at most `most` sequences, the requests a second that it answers
    then, and whether that keeps the limit on time per output token; `read` as of `interference`."""
    limit = load.per_output_token_limit_s
    limit = float("inf") if limit is None else limit
    if load.limit_share and not load.limit_assumed:
        limit = limit / c.step_spread**load.limit_share
    batch = xp.minimum(most, fullest(xp, c, mem))
    writing = decoding(xp, c, load, batch)
    step, _ = step_at(xp, c, load, writing)
    tpot = scaled(serving.per_output_token(step, writing - 1.0, load.output_tokens, read), c.token_factor)
    cycle = serving.per_output_token(step, writing, load.output_tokens, read)
    rate = scaled(c.steady_fraction * writing / (load.output_tokens * cycle), c.rate_factor)
    return batch, rate, (mem.batch >= 1.0) & (tpot <= limit)


def fullest(xp: Numeric, c: Any, mem: Memory) -> Any:
    """Most sequences that memory and engine let a replica hold, at least one."""
    return xp.maximum(xp.minimum(mem.batch, c.most_sequences * c.tp * c.pp), 1.0)


def capacity(xp: Numeric, c: Any, load: Load, mem: Memory, p: Mapping[str, float]) -> Any:
    """Most requests a second that a replica answers within the limit on time per output token."""
    return operating(xp, c, load, mem, p)[0]


@formula("serving.decoding", "sequences")
def decoding(xp: Numeric, c: Any, load: Load, held: Any) -> Any:
    """Sequences of `held` that write tokens (formula `serving.decoding`); the others still read.

    A step takes at most `chunk_tokens` of prompts along. Where prompts are long and answers short,
    reading holds the sequences back until those that write bring no more prompt tokens a step.
    """
    fresh = xp.maximum(load.input_tokens * (1.0 - load.cached_prefix_fraction), 1.0)
    return xp.minimum(held, xp.maximum(c.chunk_tokens * load.output_tokens / fresh, 1.0))


@formula("serving.interference", "s")
def interference(xp: Numeric, c: Any, load: Load, p: Mapping[str, float]) -> Any:
    """Seconds that reading one prompt delays the sequences in flight, on one pipeline stage.

    Nothing where no peak is published, which `prefill` says.
    """
    read = prefill(xp, c, load, load.input_tokens, p["serving.prefill_tokens_together"])
    return xp.where(c.peak > 0.0, read / c.pp, 0.0)


def settled(
    xp: Numeric,
    c: Any,
    load: Load,
    mem: Memory,
    rate: Any,
    batch: Any,
    p: Mapping[str, float],
    rounds: int = FIXED_POINT_STEPS,
) -> Any:
    """Sequences that a replica holds when `rate` requests a second come; `batch` where that is 0.

    Fixed point: batch = rate x output tokens x time per output token.
    """
    beside = interference(xp, c, load, p)
    held: Any = batch
    for _ in range(rounds):
        held = closer(xp, c, load, mem, rate, held, beside)
    return held


@formula("serving.held", "sequences")
def closer(xp: Numeric, c: Any, load: Load, mem: Memory, rate: Any, held: Any, beside: Any) -> Any:
    """Sequences held by Little's law, no more than fit (formula `serving.held`): one round of the
    fixed point; `beside` is the delay by the prompts of others."""
    writing = decoding(xp, c, load, held)
    step, _floor = step_at(xp, c, load, writing)
    cycle = scaled(serving.per_output_token(step, writing, load.output_tokens, beside), c.token_factor)
    wanted = xp.maximum(rate * load.output_tokens * cycle, 1.0)
    return xp.where(rate > 0.0, xp.minimum(wanted, xp.maximum(mem.batch, 1.0)), held)


def alone(held: Any) -> Any:
    """True where the first token counts as one alone and not as one under load: by the requests in flight
    up to which its interval is fitted and its measurements are told apart."""
    return held <= ALONE


def first_token_spread(xp: Numeric, c: Any, held: Any) -> Any:
    """p90 over p50 of the first token of a replica that holds so many requests."""
    return xp.where(alone(held), c.first_token_spread, c.first_token_loaded_spread)


@formula("serving.seconds", "s", {"rate": "requests/s", "batch": "sequences"})
def times(
    xp: Numeric, c: Any, load: Load, held: Any, rate: Any, p: Mapping[str, float], beside: Any = None
) -> Times:
    """Latency of a replica that holds `held` sequences and gets `rate` requests a second; where
    that is 0, as many as it answers. `beside` is its interference where that is known already."""
    read = prefill(xp, c, load, load.input_tokens if load.input_tokens_p50 is None else load.input_tokens_p50)
    beside = interference(xp, c, load, p) if beside is None else beside
    writing = decoding(xp, c, load, held)
    step, floor = step_at(xp, c, load, writing)
    # A sequence waits for the prefill of the others between its tokens, and for its own before them.
    others = xp.maximum(writing - 1.0, 0.0)
    tpot = xp.maximum(serving.per_output_token(step, others, load.output_tokens, beside), floor)
    cycle = xp.maximum(serving.per_output_token(step, writing, load.output_tokens, beside), floor)
    answered = scaled(c.steady_fraction * writing / (load.output_tokens * cycle), c.rate_factor)
    queue = serving.queue_wait(xp, xp.where(rate > 0.0, rate, answered), beside)
    # Callers that send again as soon as they are answered come in bursts.
    burst = xp.where(rate > 0.0, 0.0, c.burst * others * beside)
    wait = xp.maximum(xp.maximum(queue, burst), (held - writing) / answered)
    # Reading the prompt yields the first token; a step under way is half over when a request comes.
    busy = xp.where(held > 1.0, step / 2.0, 0.0)
    first = c.floor_seconds + read + busy + xp.where(held > 1.0, wait, 0.0)
    tail = prefill(xp, c, load, load.input_tokens_p95)
    first_p95 = c.floor_seconds + tail + 2.0 * busy + p["serving.wait_tail"] * wait
    tpot = scaled(tpot, c.token_factor)
    single, loaded = c.first_token_factor, c.first_token_loaded_factor
    by = 1.0 if single is loaded else xp.where(alone(held), single, loaded)
    return Times(held, step, floor, tpot, read, scaled(first, by), scaled(first_p95, by), answered)
