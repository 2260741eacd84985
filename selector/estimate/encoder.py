"""Rate and latency of models that do not stream tokens: encoders, vision, speech, diffusion.

A column holder `c` has, per device of a replica: `flops` of an item, `weight_bytes`, `peak`,
`bandwidth`, the fractions of both that are achieved, `launch_seconds` of one pass over the layers,
`passes` that an item makes one after the other (steps of diffusion, tokens of a transcript),
`parts` that each run a batch of their own on a share of peak and bandwidth, `served_fraction`
of the offline rate under arrivals, and `published`, a factor on the seconds that a published time of
the model on some device tells (1 where none does). Seconds, bytes, operations.
"""

from __future__ import annotations

from typing import Any

from selector.estimate.numeric import Numeric, scaled
from selector.estimate.serving import overlapped, queue_wait
from selector.estimate.trace import formula


@formula("encoder.flops", "operations")
def text_flops(params: Any, tokens: Any, attention_width: Any) -> Any:
    """Operations of one pass over a text (formula `encoder.flops`): 2 per parameter and token, and 4
    per pair of tokens and value of attention, which sees both ways."""
    return 2.0 * params * tokens + 4.0 * attention_width * tokens * tokens


@formula("encoder.batch_seconds", "s")
def batch_seconds(xp: Numeric, c: Any, batch: Any) -> Any:
    """Seconds of a batch (formula `encoder.batch_seconds`).

    Each pass reads the weights once for the batch and launches its layers; operations grow with it.
    """
    reading = c.passes * c.weight_bytes / (c.bandwidth / c.parts * c.bandwidth_fraction)
    computing = batch * c.flops / (c.peak / c.parts * c.compute_fraction)
    return scaled(overlapped(xp, reading, computing) + c.passes * c.launch_seconds, c.published)


@formula("encoder.published", "factor", measured="s", worked_out="s")
def carried(measured: Any, worked_out: Any, share: Any) -> Any:
    """Factor that a published time puts on the seconds of other stacks (formula `encoder.published`).

    The published seconds over those worked out for the stack that they were measured on, to the power
    of the share that carries over: 1 on that stack, which then takes what was measured.
    """
    return (measured / worked_out) ** share


@formula("encoder.published_least", "factor", factor="factor", measured="s", worked_out="s")
def no_faster(xp: Numeric, factor: Any, measured: Any, worked_out: Any) -> Any:
    """That factor where a stack has no more peak and bandwidth than the measured one (formula
    `encoder.published_least`): at least what takes the seconds worked out for it to the published ones."""
    return xp.maximum(factor, measured / worked_out)


@formula("encoder.rate", "items/s")
def items_per_second(xp: Numeric, c: Any, batch: Any) -> Any:
    """Items that one replica answers at a batch (formula `encoder.rate`)."""
    return c.parts * batch / batch_seconds(xp, c, batch)


@formula("encoder.tail", "s", rate="items/s")
def tail_seconds(xp: Numeric, alone: Any, capacity: Any, rate: Any, tail: Any) -> Any:
    """Seconds of a slow item (formula `encoder.tail`): its own pass, and `tail` times the mean wait of
    a replica of `capacity` items a second that `rate` of them reach."""
    return alone + tail * queue_wait(xp, rate, 1.0 / capacity)


@formula("encoder.memory", "bytes")
def memory_bytes(c: Any, batch: Any, context: Any, copies: Any) -> Any:
    """Bytes of one device (formula `encoder.memory`): weights times `copies`, which count their
    alignment, what the items of a batch hold, and the context of the framework."""
    return c.weight_bytes * copies + batch * c.item_bytes + context
