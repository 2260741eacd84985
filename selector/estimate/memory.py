"""Memory of one device: weights, cache, activations, engine reserve. All in bytes.

Arguments are floats or equal-shaped arrays; `xp` is numpy or `SCALAR`.
"""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric
from selector.estimate.trace import formula

BYTES_16BIT = 2.0
BITS_PER_BYTE = 8.0


@formula("memory.weights", "bytes")
def weight_bytes(xp: Numeric, params: Any, embedding_params: Any, bits: Any) -> Any:
    """Bytes of all weights (formula `memory.weights`).

    Embeddings and the output head stay 16-bit when the rest is narrower; `bits` counts the
    scales of quantization groups. Source: checkpoint layouts of AWQ, GPTQ, compressed-tensors.
    """
    wide = xp.minimum(embedding_params, params)
    body = params - wide
    return body * bits / BITS_PER_BYTE + wide * xp.maximum(bits / BITS_PER_BYTE, BYTES_16BIT)


@formula("memory.kv_cache", "bytes")
def cache_bytes_per_sequence(
    xp: Numeric, per_token: Any, context: Any, sliding: Any, window: Any, state: Any, kv_bits: Any
) -> Any:
    """KV cache of one sequence over the whole model (formula `memory.kv_cache`).

    `per_token` and `sliding` are bytes per token at 16 bit over the layers that keep all tokens
    and over those that keep the last `window`; `state` is what linear-attention and state-space
    layers keep whatever the length and the format of the cache.
    """
    kept = per_token * context + sliding * xp.minimum(context, window)
    return kept * kv_bits / 16.0 + state


@formula("memory.read", "bytes")
def read_bytes(
    xp: Numeric, params: Any, embedding_params: Any, head_params: Any, wide: Any, bits: Any
) -> Any:
    """Bytes that a decode step reads of `params` touched parameters (formula `memory.read`).

    The input embedding is looked up, a row a token; where the output head shares it, it is read
    all the same. Where `wide` is 1 the head stays 16-bit when the rest is narrower.
    """
    read = xp.maximum(params - (embedding_params - head_params), head_params)
    body = (read - head_params) * bits / BITS_PER_BYTE
    return body + head_params * xp.maximum(bits / BITS_PER_BYTE, BYTES_16BIT * wide)


@formula("memory.cache_share", "fraction")
def cache_share(xp: Numeric, tp: Any, pp: Any, kv_shards: Any) -> Any:
    """Fraction of the cache that one device holds: KV heads divide, the rest is replicated.

    `kv_shards` is the number of KV heads, or 1 for MLA, whose latent is replicated under TP.
    """
    return 1.0 / (xp.minimum(tp, kv_shards) * pp)


@formula("memory.activations", "bytes")
def activation_bytes(tokens: Any, hidden: Any, multiple: Any, vocab: Any, tp: Any) -> Any:
    """Peak of temporary tensors while `tokens` run through a layer (formula `memory.activations`).

    `multiple` hidden-sized 16-bit tensors a token, sharded by `tp`, and one row of 32-bit logits
    for each of 256 sequences.
    """
    return tokens * hidden * multiple * BYTES_16BIT / tp + 256.0 * vocab * 4.0 / tp


def live_bytes(
    xp: Numeric,
    *,
    weights: Any,
    cache: Any,
    copies: Any,
    prompt: Any,
    intermediate: Any,
    tensors: Any,
    vocab: Any,
    logits: Any,
    devices: Any,
    context: Any,
) -> Any:
    """Bytes of an engine that takes memory as it needs it, summed over `devices` (formula `memory.live`).

    Weights, the cache times the `copies` that growing it makes, and while a prompt is read either
    `tensors` 16-bit feed-forward results a token or `logits` bytes for each word of the vocabulary,
    on each device; and `context` on each device.
    """
    reading = prompt * xp.maximum(tensors * intermediate * BYTES_16BIT, logits * vocab)
    return weights + cache * copies + devices * (reading + context)
