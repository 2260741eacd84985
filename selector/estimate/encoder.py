"""Rate and latency of models that answer in one pass: encoders, vision, speech, tabular."""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric


def text_flops(params: Any, tokens: Any) -> Any:
    """Operations of one pass over a text: 2 per parameter and token (formula `encoder.flops`)."""
    return 2.0 * params * tokens


def item_seconds(
    xp: Numeric,
    *,
    flops: Any,
    weight_bytes: Any,
    peak: Any,
    bandwidth: Any,
    fraction: Any,
    batch: Any,
    overhead: Any,
) -> Any:
    """Seconds an item takes in a batch (formula `encoder.item_seconds`): the slower of compute
    and reading the weights once per batch, plus a fixed launch cost shared by the batch."""
    compute = flops / (peak * fraction)
    memory = weight_bytes / (bandwidth * batch)
    return xp.maximum(compute, memory) + overhead / batch
