"""The numeric namespace of the formulas: numpy for many stacks, `SCALAR` for one.

Formulas use the operators and the few functions below, never `if` on a value, so the same
text serves arrays in `recommend` and single numbers in `estimate` and `check`.
"""

from __future__ import annotations

import math
from typing import Any, Protocol


class Numeric(Protocol):
    """What a formula may call; numpy satisfies it as it is."""

    def maximum(self, a: Any, b: Any) -> Any: ...  # noqa: D102
    def minimum(self, a: Any, b: Any) -> Any: ...  # noqa: D102
    def where(self, test: Any, a: Any, b: Any) -> Any: ...  # noqa: D102
    def ceil(self, a: Any) -> Any: ...  # noqa: D102
    def floor(self, a: Any) -> Any: ...  # noqa: D102
    def log(self, a: Any) -> Any: ...  # noqa: D102
    def exp(self, a: Any) -> Any: ...  # noqa: D102
    def cbrt(self, a: Any) -> Any: ...  # noqa: D102


class _Scalar:
    """Plain floats through the math module."""

    maximum = staticmethod(max)
    minimum = staticmethod(min)
    ceil = staticmethod(math.ceil)
    floor = staticmethod(math.floor)
    log = staticmethod(math.log)
    exp = staticmethod(math.exp)
    cbrt = staticmethod(math.cbrt)

    @staticmethod
    def where(test: bool, a: float, b: float) -> float:
        return a if test else b


SCALAR: Numeric = _Scalar()
Z90 = 1.2815515655446004  # of the standard normal distribution, nine in ten lie below it


def scaled(value: Any, by: Any) -> Any:
    """A value times a factor; untouched, and at no cost, where the factor is the plain number 1."""
    return value if isinstance(by, float) and by == 1.0 else value * by
