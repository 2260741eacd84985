"""Memory of one device in training: weights, gradients, optimizer, activations, logits. In bytes.

Source of the counts: Rajbhandari et al. 2020 (states by ZeRO stage) and Korthikanti et al. 2022
(activations); the bytes per value are fitted. Arguments are floats or equal-shaped arrays.
"""

from __future__ import annotations

from typing import Any

from selector.estimate.trace import formula
from selector.types.training import TrainingMemoryCell

CHECKPOINT_BYTES = 2.0


@formula("training_memory.activations", "bytes")
def activation_bytes(c: TrainingMemoryCell) -> Any:
    """Values kept for the backward pass (formula `training_memory.activations`): inputs of layers,
    what is held inside them, and logits with their gradient."""
    cell: Any = c
    kept = CHECKPOINT_BYTES * cell.checkpoints + cell.worked_bytes * cell.worked
    return kept + cell.logits_bytes * cell.logits


@formula("training_memory.states", "bytes")
def state_bytes(c: TrainingMemoryCell) -> Any:
    """Weights, gradients and optimizer (formula `training_memory.states`)."""
    cell: Any = c
    return cell.weights + cell.gradients + cell.optimizer + cell.opened


@formula("training_memory.total", "bytes")
def total_bytes(c: TrainingMemoryCell) -> Any:
    """Peak of one device (formula `training_memory.total`): the allocator's slack on what is held,
    and what the framework reserves."""
    cell: Any = c
    return (state_bytes(c) + activation_bytes(c)) * cell.slack + cell.reserve
