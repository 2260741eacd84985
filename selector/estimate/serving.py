"""Time of token generation: decode step, prefill, steady state, queueing. Seconds and bytes.

Terms, after the fits of public measurements: bytes over bandwidth, operations over compute,
bytes exchanged over the link, and constants per step, layer and sequence for launches and
scheduling. Arguments are floats or equal-shaped arrays; `xp` is numpy or `SCALAR`.
"""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric
from selector.estimate.trace import formula

# A layer sums its result over the devices twice (attention, feed-forward), 16 bit a value, and a
# ring passes each value there and back.
SUMS_PER_LAYER = 2.0
RING_BYTES = 2.0 * 2.0
LN2 = 0.6931471805599453


@formula("serving.expert_params", "parameters")
def expert_params(xp: Numeric, total: Any, active: Any, experts: Any, experts_active: Any) -> Any:
    """Parameters of one expert over all layers, from total = d + E x and active = d + k x."""
    spread = xp.maximum(experts - experts_active, 1.0)
    return xp.where(experts > 1.0, (total - active) / spread, 0.0)


@formula("serving.touched_params", "parameters")
def touched_params(
    xp: Numeric, total: Any, active: Any, experts: Any, experts_active: Any, batch: Any
) -> Any:
    """Parameters read in one step by `batch` tokens (formula `serving.touched_params`).

    Under uniform routing a step touches E (1 - (1 - k/E)^B) experts.
    """
    each = expert_params(xp, total, active, experts, experts_active)
    share = xp.minimum(experts_active / xp.maximum(experts, 1.0), 0.999999)
    distinct = experts * (1.0 - xp.exp(batch * xp.log(1.0 - share)))
    dense = active - experts_active * each
    moe = xp.minimum(dense + distinct * each, total)
    return xp.where(experts > 1.0, moe, total)


@formula("serving.overlapped", "s", reading="s", computing="s")
def overlapped(xp: Numeric, reading: Any, computing: Any) -> Any:
    """Seconds of reading and computing that overlap but not wholly (formula `serving.overlapped`).

    The cube root of the sum of cubes: never below the longer term, a quarter above two equal ones.
    """
    total = xp.cbrt(reading * reading * reading + computing * computing * computing)
    return xp.maximum(total, xp.maximum(reading, computing))


@formula("serving.exchange", "s", link="bytes/s")
def exchange_seconds(layers: Any, tokens: Any, hidden: Any, tp: Any, link: Any) -> Any:
    """Seconds that tensor-parallel devices sum their results (formula `serving.exchange`).

    Ring all-reduce: each device passes 2 (tp - 1) / tp of the tensor; `link` is bytes a second
    one way.
    """
    return SUMS_PER_LAYER * layers * tokens * hidden * RING_BYTES * (tp - 1.0) / tp / link


@formula("serving.decode_floor", "s")
def decode_floor(weight_bytes: Any, cache_bytes: Any, bandwidth: Any) -> Any:
    """Least possible seconds of a decode step: bytes read over peak bandwidth."""
    return (weight_bytes + cache_bytes) / bandwidth


@formula("serving.prefill_flops", "operations")
def prefill_flops(xp: Numeric, active: Any, tokens: Any, attention_width: Any, attended: Any) -> Any:
    """Operations to read a prompt: 2 per active parameter and token, and causal attention.

    `attention_width` is full-attention layers x heads x head dimension (scores and values,
    each token attends to those before it, half of all on average, or to `attended` at most:
    4 x width x pairs).
    """
    pairs = tokens * xp.minimum(tokens / 2.0, attended)
    return 2.0 * active * tokens + 4.0 * attention_width * pairs


@formula("serving.filled", "fraction", rows="rows")
def filled(rows: Any, half: Any) -> Any:
    """Fraction of the achieved rate that matrices of few rows reach (formula `serving.filled`).

    `half` is the rows at which half is reached; experts of a mixture get few rows each.
    """
    return rows / (rows + half)


@formula("serving.reduce_latency", "s")
def reduce_latency(xp: Numeric, layers: Any, tp: Any, pair: Any) -> Any:
    """Seconds that sums over devices take whatever their size (formula `serving.reduce_latency`):
    `pair` for two devices, once more for each doubling."""
    return SUMS_PER_LAYER * layers * pair * xp.log(tp) / LN2


@formula("serving.decode_flops", "operations")
def decode_flops(active: Any, batch: Any, decode_width: Any, context: Any) -> Any:
    """Operations of one step: 2 per active parameter and sequence, 4 per attended value."""
    return 2.0 * active * batch + 4.0 * decode_width * context * batch


@formula("serving.between_tokens", "s", batch="sequences")
def per_output_token(step: Any, batch: Any, output_tokens: Any, prefill: Any) -> Any:
    """Seconds between tokens under continuous batching: each of `batch` sequences brings one
    prefill per `output_tokens` steps (formula `serving.between_tokens`)."""
    return step + batch * prefill / output_tokens


def energy_per_token(watts: Any, devices: Any, fraction: Any, tokens_per_s: Any) -> Any:
    """Joules of the devices for each output token (formula `serving.energy`): `fraction` of their
    rated power, whatever they do, over the tokens that they write."""
    return watts * devices * fraction / tokens_per_s


@formula("serving.queue_wait", "s")
def queue_wait(xp: Numeric, rate: Any, service: Any, utilisation_cap: float = 0.98) -> Any:
    """Mean seconds a request waits for its prefill: M/D/1, rho s / (2 (1 - rho))."""
    rho = xp.minimum(rate * service, utilisation_cap)
    return rho * service / (2.0 * (1.0 - rho))


def hosted(first: Any, each: Any, tail: Any, output_tokens: Any) -> dict[str, Any]:
    """Milliseconds of a hosted model, of which nobody knows the load: the slow first token is `tail`
    times the usual one (formula `serving.hosted`)."""
    return {
        "first_token_ms": first,
        "first_token_p95_ms": first * tail,
        "per_output_token_ms": each,
        "request_p95_ms": first * tail + output_tokens * each,
    }


@formula("serving.request_spread", "p90 over p50")
def request_spread(xp: Numeric, first: Any, first_by: Any, tokens: Any, token_by: Any) -> Any:
    """p90 over p50 of a request, out of those of its slow first token and of all its tokens (`first` and
    `tokens` in one unit of time): both at their p90 over both at their p50, which is wider than if they
    erred apart (formula `serving.request_spread`). 1 where neither takes time.
    """
    whole = first + tokens
    return xp.where(
        whole > 0.0, (first * first_by + tokens * token_by) / xp.where(whole > 0.0, whole, 1.0), 1.0
    )
