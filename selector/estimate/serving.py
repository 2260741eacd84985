"""Time of token generation: decode step, prefill, steady state, queueing. Seconds and bytes.

Three terms, after the fits of public measurements: bytes over bandwidth, operations over
compute, and a constant per layer for launches and communication. Arguments are floats or
equal-shaped arrays; `xp` is numpy or `SCALAR`.
"""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric


def expert_params(xp: Numeric, total: Any, active: Any, experts: Any, experts_active: Any) -> Any:
    """Parameters of one expert over all layers, from total = d + E x and active = d + k x."""
    spread = xp.maximum(experts - experts_active, 1.0)
    return xp.where(experts > 1.0, (total - active) / spread, 0.0)


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


def decode_step(
    xp: Numeric,
    *,
    weight_bytes: Any,
    cache_bytes: Any,
    flops: Any,
    bandwidth: Any,
    peak: Any,
    bandwidth_fraction: Any,
    compute_fraction: Any,
    layers: Any,
    layer_seconds: Any,
) -> Any:
    """Seconds of one decode step on a replica (formula `serving.decode_step`).

    `weight_bytes` and `cache_bytes` are what one device reads, `flops` what one device computes.
    """
    memory = (weight_bytes + cache_bytes) / (bandwidth * bandwidth_fraction)
    compute = flops / (peak * compute_fraction)
    return xp.maximum(memory, compute) + layers * layer_seconds


def decode_floor(weight_bytes: Any, cache_bytes: Any, bandwidth: Any) -> Any:
    """Least possible seconds of a decode step: bytes read over peak bandwidth."""
    return (weight_bytes + cache_bytes) / bandwidth


def prefill_flops(active: Any, tokens: Any, attention_width: Any) -> Any:
    """Operations to read a prompt: 2 per active parameter and token, and causal attention.

    `attention_width` is full-attention layers x heads x head dimension (scores and values,
    half of the square under the causal mask: 2 x width x tokens^2).
    """
    return 2.0 * active * tokens + 2.0 * attention_width * tokens * tokens


def prefill_seconds(
    xp: Numeric,
    *,
    flops: Any,
    tokens: Any,
    peak: Any,
    fraction: Any,
    half_tokens: Any,
    weight_seconds: Any,
) -> Any:
    """Seconds to read a prompt (formula `serving.prefill`).

    The achieved fraction of peak grows with length, fraction x tokens / (tokens + half_tokens);
    never less than reading the weights once.
    """
    achieved = fraction * tokens / (tokens + half_tokens)
    return xp.maximum(flops / (peak * achieved), weight_seconds)


def per_output_token(step: Any, batch: Any, output_tokens: Any, prefill: Any) -> Any:
    """Seconds between tokens under continuous batching: each of `batch` sequences brings one
    prefill per `output_tokens` steps (formula `serving.per_output_token`)."""
    return step + batch * prefill / output_tokens


def queue_wait(xp: Numeric, rate: Any, service: Any, utilisation_cap: float = 0.98) -> Any:
    """Mean seconds a request waits for its prefill: M/D/1, rho s / (2 (1 - rho))."""
    rho = xp.minimum(rate * service, utilisation_cap)
    return rho * service / (2.0 * (1.0 - rho))
