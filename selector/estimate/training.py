"""Time of training: tokens a second of one device, device hours.

A token costs the operations of its matrix products (6 per active parameter when all are trained,
4 when only adapters are) and of attention, the values that pass between operators, launches of
kernels, and weights that devices gather, which
overlaps with the work, and partial sums that they exchange, which it waits for. Source of the counts:
Kaplan et al. 2020 and Narayanan et al. 2021; recomputed activations cost time and are not counted
as model operations. Arguments are floats or equal-shaped arrays; `xp` is numpy or `SCALAR`.
"""

from __future__ import annotations

import math
from typing import Any

from selector.estimate.numeric import Numeric
from selector.estimate.serving import overlapped
from selector.estimate.trace import formula
from selector.types.training import TrainingCell

SECONDS_PER_HOUR = 3600.0


@formula("training.attention_flops", "operations/token")
def attention_flops(width: Any, seq_len: Any, causal: Any) -> Any:
    """Operations of attention per token, forward and backward (formula `training.attention_flops`).

    4 per attended value forward and 8 backward; `width` is layers x heads x head dimension, a
    causal mask (`causal` 1) leaves half of them.
    """
    return 12.0 * width * seq_len / (1.0 + causal)


def model_flops(params: Any, per_param: Any, attention: Any) -> Any:
    """Operations of a token that count as work done: 6 (or 4) per active parameter, and attention."""
    return per_param * params + attention


@formula("training.token_seconds", "s/token")
def token_seconds(xp: Numeric, c: TrainingCell) -> Any:
    """Seconds that a token takes of one device (formula `training.token_seconds`)."""
    cell: Any = c
    denser = xp.exp(-cell.sparsity_exponent * xp.log(cell.sparsity))
    gemm = cell.gemm_flops / (cell.peak * cell.compute_fraction * cell.narrow_gain * denser)
    attention = cell.attention_flops / (cell.peak * cell.attention_fraction)
    moved = (
        cell.width_bytes * cell.passes + cell.unpacked * cell.unpack_bytes + cell.updated
    ) / cell.bandwidth
    work = gemm + attention + moved + cell.launches * cell.layer_seconds
    gathering = cell.gathered / (cell.gather_rate * cell.link_fraction)
    waiting = cell.exchanged / (cell.exchange_rate * cell.exchange_fraction)
    scaling = 1.0 + cell.scale_loss * cell.doublings
    return (overlapped(xp, work, gathering) + waiting) * cell.bubble * scaling


@formula("training.device_hours", "h", tokens="tokens", seconds="s/token", goodput="fraction")
def device_hours(tokens: Any, seconds: Any, goodput: Any) -> Any:
    """Device hours of a run (formula `training.device_hours`): restarts, evaluations and loading
    take the share that `goodput` leaves."""
    return tokens * seconds / SECONDS_PER_HOUR / goodput


def save_every_hours(written: float, between_failures: float) -> float:
    """Hours between checkpoints that waste the least (formula `training.save_every`): the root of
    twice the time of a save and the time between failures. Source: Young 1974, Daly 2006."""
    return math.sqrt(2.0 * written * between_failures)


@formula("training.image_seconds", "s/image")
def image_seconds(flops: Any, peak: Any, fraction: Any) -> Any:
    """Seconds of one device for an image, forward and backward (formula `training.image_seconds`):
    the backward pass costs twice the forward one, whose operations are `flops`."""
    return 3.0 * flops / (peak * fraction)
