"""The load that a stack has to carry, in the units of the formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """Tokens are per request, rates per second; None where nothing is stated or assumed.

    Bills and machines follow the mean of many requests, the first token its own prompt.
    """

    input_tokens: float  # mean
    input_tokens_p95: float
    output_tokens: float  # mean
    context_tokens: float  # longest context that must fit
    scenario: str = "online"  # online offline single_stream
    concurrency: float | None = None
    peak_requests_per_second: float | None = None
    requests_per_month: float | None = None
    cached_prefix_fraction: float = 0.0
    active_fraction: float = 1.0
    per_output_token_limit_s: float | None = None
    limit_assumed: bool = False  # nobody stated that limit: it steers the batch and rules nothing out
    limit_share: float = 0.0  # 0: p50 keeps stated limits on latency; 1: p90 does; in between by logarithms
    input_tokens_p50: float | None = None  # of the typical request; None: that of the mean
    kv_bits: Any = 16.0  # of a cached value; a number, or a column over the cells
    # True: every sequence in flight may have the longest context; False: one of them.
    all_long: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A replica as the formulas see it; every field is a number or an array of equal shape.

    Bytes, seconds, operations per second, counts. `peak` 0 means that nobody publishes it.
    """

    total_params: object
    active_params: object
    experts: object
    experts_active: object
    embedding_params: object  # both tables where input and output do not share one
    head_params: object  # the output table
    layers: object
    hidden: object
    vocab: object
    attention_width: object
    kv_per_token: object
    kv_sliding_per_token: object  # of the layers that keep a window
    window_tokens: object
    state_bytes: object  # of linear and state-space layers, whatever the length and the cache format
    kv_shards: object
    attended_tokens: object  # that a query reads of a longer context; inf: all
    weights_known: object
    bits: object
    wide_embeddings: object  # 1 where embeddings stay 16-bit when the rest is narrower, else 0
    tp: object
    pp: object
    memory_bytes: object
    usable_fraction: object
    bandwidth: object
    watts: object  # rated power of a device; nan: not published
    peak: object
    decode_width: object  # full-attention layers x heads x values read per head of a cached token
    reserve: object
    link_bytes_per_s: object  # one way between devices of the replica
    # What the replica achieves; fractions of peak, seconds (decide/tuning.py).
    bandwidth_fraction: object
    cache_fraction: object
    compute_fraction: object
    prefill_fraction: object
    rows_half: object  # rows of a matrix product at which half of it is reached
    link_fraction: object
    layer_seconds: object
    reduce_seconds: object  # one sum over two devices of a replica
    step_seconds: object
    sequence_seconds: object
    prefill_layer_seconds: object
    steady_fraction: object
    most_sequences: object  # that the engine runs at once, a device
    chunk_tokens: object  # of prompts that a step takes along
    floor_seconds: object
    burst: object  # share of the callers in flight whose prompts wait before one's own
    power_fraction: object  # of the rated power, drawn
    # p90 over p50 of what is predicted.
    step_spread: object
    rate_spread: object
    first_token_spread: object
    first_token_loaded_spread: object
    prefill_spread: object
    # What measurements move: factors on estimates, 1 where nothing was measured (decide/calibrated.py).
    token_factor: object = 1.0
    first_token_factor: object = 1.0
    first_token_loaded_factor: object = 1.0
    rate_factor: object = 1.0
    memory_factor: object = 1.0
