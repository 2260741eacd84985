"""Replicas kept beside those that carry the load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spare:
    """How many; assumed ones only as far as devices go."""

    count: int
    stated: bool


def with_spare(replicas: Any, most: Any, spare: Spare) -> Any:
    """Replicas with the spare ones, of `most` that can be had."""
    import numpy as np

    if spare.stated:
        return replicas + spare.count
    return replicas + np.clip(most - replicas, 0.0, spare.count)
