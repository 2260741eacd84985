"""How figures are written for people and for JSON."""

from __future__ import annotations

import math
from typing import Any

from selector.types.estimate import Estimate

THOUSAND = 1000.0


def six_digits(value: float) -> float | int | None:
    """Six significant digits; whole numbers stay whole; not-a-number becomes None."""
    if math.isnan(value) or math.isinf(value):
        return None
    if value == 0:
        return 0
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def plain(value: Any) -> Any:
    """A JSON value: floats rounded, tuples and sets as sorted or ordered lists."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return six_digits(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value)


def short(value: float | None) -> str:
    """Three significant digits with thousands separators; `?` where unknown."""
    if value is None or math.isnan(value):
        return "?"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= THOUSAND:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def band(estimate: Estimate | None) -> str:
    """p50 with its interval."""
    if estimate is None or math.isnan(estimate.p50):
        return "?"
    if estimate.p10 == estimate.p90:
        return short(estimate.p50)
    return f"{short(estimate.p50)} [{short(estimate.p10)}-{short(estimate.p90)}]"
