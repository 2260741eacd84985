"""How figures are written for people and for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selector.types.estimate import Estimate

THOUSAND = 1000.0
FEW, KEPT = 3, 6  # significant digits for people, and those of JSON


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


def short(value: float | None, digits: int = FEW) -> str:
    """Three significant digits, or as many as asked for, with thousands separators; `?` where unknown."""
    if value is None or math.isnan(value):
        return "?"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= THOUSAND:
        places = max(digits - 1 - math.floor(math.log10(size)), 0)
        return f"{float(f'{value:.{digits}g}'):,.{places}f}"
    return f"{value:.{digits}g}"


def apart(one: float | None, other: float | None) -> tuple[str, str]:
    """Two figures with as many digits, up to those that are kept, as tell them apart."""
    for digits in range(FEW, KEPT):
        pair = short(one, digits), short(other, digits)
        if pair[0] != pair[1]:
            return pair
    return short(one, KEPT), short(other, KEPT)


def same(one: float | None, other: float | None) -> bool:
    """True where no digit that is kept differs."""
    return apart(one, other)[0] == apart(one, other)[1]


def band(estimate: Estimate | None) -> str:
    """p50 with its interval."""
    if estimate is None or math.isnan(estimate.p50):
        return "?"
    if estimate.p10 == estimate.p90:
        return short(estimate.p50)
    return f"{short(estimate.p50)} [{short(estimate.p10)}-{short(estimate.p90)}]"
