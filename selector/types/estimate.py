"""Estimates: a quantity with its uncertainty, its formula and the inputs that went in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

NOT_COUNTED = "not_counted"  # input of an estimate that is a lower bound: what nobody knows of it


@dataclass(frozen=True, slots=True)
class Estimate:
    """p10, p50 and p90 of one quantity; the spread is uncertainty, never a share of requests."""

    p10: float
    p50: float
    p90: float
    unit: str
    formula: str
    inputs: Mapping[str, float | str | None] = field(default_factory=dict)

    @classmethod
    def exact(cls, value: float, unit: str, formula: str) -> Estimate:
        """A quantity without doubt, such as a list price."""
        return cls(value, value, value, unit, formula)

    @classmethod
    def around(
        cls,
        value: float,
        spread: float,
        unit: str,
        formula: str,
        inputs: Mapping[str, float | str | None] | None = None,
    ) -> Estimate:
        """Lognormal band: p10 = value / spread, p90 = value * spread."""
        return cls(value / spread, value, value * spread, unit, formula, inputs or {})

    def times(self, other: Estimate, unit: str, formula: str) -> Estimate:
        """Product with an independent positive quantity: squares of the doubts, as logarithms, add up."""
        middle = self.p50 * other.p50
        if not middle:
            return Estimate.exact(0.0, unit, formula)
        down = math.hypot(math.log(self.p50 / self.p10), math.log(other.p50 / other.p10))
        up = math.hypot(math.log(self.p90 / self.p50), math.log(other.p90 / other.p50))
        return Estimate(middle / math.exp(down), middle, middle * math.exp(up), unit, formula)

    def scaled(self, factor: float, unit: str, formula: str) -> Estimate:
        """The same relative doubt on ``factor`` times the value."""
        return Estimate(self.p10 * factor, self.p50 * factor, self.p90 * factor, unit, formula, self.inputs)


@dataclass(frozen=True, slots=True)
class MemoryLedger:
    """Bytes on one device, by purpose, against the bytes that can be used."""

    weights: float
    kv_cache: float
    activations: float
    reserve: float
    usable: float
    host_offload: float = 0.0

    @property
    def total(self) -> float:
        """Sum of the purposes, bytes."""
        return self.weights + self.kv_cache + self.activations + self.reserve

    @property
    def fits(self) -> bool:
        """True where the purposes take no more than can be used."""
        return self.total <= self.usable
