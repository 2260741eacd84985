"""Prices that are older than they should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StalePrice:
    """The oldest price of a source that is beyond its time to live, `kind` api or offer."""

    kind: str
    source: str
    as_of: str
    days: float  # old
    allowed_days: float
