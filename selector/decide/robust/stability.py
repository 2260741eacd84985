"""Exact stability of the first place against the weights (section 3.7, a to d). Pure functions.

`values` (n, k) are in 0..1, `weights` (k,) sum to any total, `extra` (n,) are fixed points in the unit
of weight times value, `one` is the row whose lead is judged. Results are in the units of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

NEAR = 1e-12  # distances this close are the same


def interval(
    values: Any, weights: Any, extra: Any, one: int, criterion: int
) -> tuple[float, float, Any, Any] | None:
    """Weights of one criterion at which `one` leads all rows; None where there are none.

    The others are scaled in proportion; where they have no weight they share the rest alike. Gives
    low, high, and the rows that bind at each end (none at 0 and at the total). Each lead is linear in
    the weight, so the ends are exact.
    """
    import numpy as np

    whole = float(weights.sum())
    share = weights.astype(float).copy()
    share[criterion] = 0.0
    if not share.sum() > 0:
        share = np.ones(len(weights))
        share[criterion] = 0.0
    rest = _weighted(values, share / share.sum())
    ahead = rest[one] - rest
    at_zero = whole * ahead + extra[one] - extra
    slope = (values[one, criterion] - values[:, criterion]) - ahead
    if ((slope == 0) & (at_zero < -1e-9 * whole)).any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -at_zero / slope
    up, down = np.where(slope < 0, crossing, np.inf), np.where(slope > 0, crossing, -np.inf)
    near = 1e-9 * whole
    low, high = float(down.max()), float(up.min())
    low, high = low if low > near else 0.0, high if high < whole - near else whole
    if low > high + near:
        return None
    binds_low = np.nonzero(np.abs(down - low) <= near)[0] if low > 0 else np.zeros(0, dtype=int)
    binds_high = np.nonzero(np.abs(up - high) <= near)[0] if high < whole else np.zeros(0, dtype=int)
    return low, high, binds_low, binds_high


def _weighted(values: Any, weights: Any) -> Any:
    """Weighted sums (n,), one criterion after the other."""
    total: Any = 0.0
    for column, weight in zip(values.T, weights, strict=True):
        if weight:
            total = total + weight * column
    return total


def may_overtake(values: Any, weights: Any, extra: Any, one: int, share: float) -> Any:
    """Bool (n,): False for rows that trail `one` even where each weight takes its own best bound;
    a cheap look before `box_leads`."""
    most: Any = extra - extra[one]
    for column, weight in zip(values.T, weights, strict=True):
        lead = column - column[one]
        most = most + weight * lead + share * weight * abs(lead)
    return most > 0.0


def box_leads(values: Any, weights: Any, extra: Any, one: int, share: float) -> tuple[Any, Any]:
    """Most by which each row leads `one` where every weight moves by a share of itself at most and
    the total stays; and the weights (n, k) where it does. Above 0: it can overtake.

    Greedy: from the lower bounds, the rest goes to the criteria on which the row leads most.
    """
    import numpy as np

    lead = values - values[one]
    taken = np.tile(weights * (1.0 - share), (len(values), 1))
    room = 2.0 * share * weights
    spare = np.full(len(values), share * float(weights.sum()))
    order = np.argsort(-lead, axis=1, kind="stable")
    rows = np.arange(len(values))
    for column in order.T:
        more = np.minimum(room[column], spare)
        taken[rows, column] += more
        spare = spare - more
    return (taken * lead).sum(axis=1) + extra - extra[one], taken


def l2_bounds(values: Any, weights: Any, extra: Any, one: int) -> Any:
    """Distance (n,) from the weights to the plane where a row ties with `one`, the total kept.

    Infinite where no weights bring a tie. The nearest point of the plane may have weights below 0;
    `l2_radius` keeps to those that do not.
    """
    import numpy as np

    size = len(weights)
    ahead: Any = extra[one] - extra
    total: Any = 0.0
    square: Any = 0.0
    least: Any = np.full(len(extra), np.inf)
    for column, weight in zip(values.T, weights, strict=True):
        lead = column[one] - column
        ahead = ahead + weight * lead
        total, square, least = total + lead, square + lead * lead, np.minimum(least, lead)
    length = np.sqrt(np.maximum(square - total * total / size, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = ahead / length
    # Linear in the weights: who trails at every corner of the simplex trails everywhere.
    most = extra - extra[one] - float(weights.sum()) * least
    found[(length < 1e-9) | (most < 0.0)] = np.inf
    found[one] = np.inf
    return np.maximum(found, 0.0)


def l2_radius(values: Any, weights: Any, extra: Any, one: int) -> tuple[float, Any] | None:
    """Distance of the nearest weights, none below 0 and of the same total, at which a row ties with
    `one`, and the rows that do; None where no weights bring a tie."""
    import numpy as np

    bounds = l2_bounds(values, weights, extra, one)
    tied = np.nonzero(bounds <= NEAR)[0]
    if len(tied):
        return 0.0, tied
    best = np.inf
    rows: list[int] = []
    known: dict[tuple[float, ...], float] = {}  # rows that are alike lie equally far
    for row in np.argsort(bounds, kind="stable"):
        if not np.isfinite(bounds[row]) or bounds[row] > best + NEAR:
            break
        lead, gap = values[one] - values[row], float(extra[one] - extra[row])
        key = (gap, *lead.tolist())
        if key not in known:
            known[key] = _nearest(weights, lead, gap)
        found = known[key]
        if found < best - NEAR:
            best, rows = found, [int(row)]
        elif found <= best + NEAR and np.isfinite(found):
            rows.append(int(row))
    return (float(best), np.array(rows)) if rows else None


def _nearest(weights: Any, lead: Any, gap: float) -> float:
    """Least distance to weights w >= 0 of the same total with w.lead + gap = 0; inf where none.

    The nearest point lies inside some face of the simplex, and there it is a plain projection; so the
    least over the faces is exact.
    """
    import numpy as np

    best = np.inf
    for kept in _faces(len(weights)):
        w, d = weights[kept], lead[kept]
        shift = (float(weights.sum()) - w.sum()) / len(kept)
        base = w + shift
        flat = d - d.mean()
        off = float(base @ d) + gap
        size = float(flat @ flat)
        if size < 1e-18:
            if abs(off) > 1e-9:
                continue
            point = base
        else:
            point = base - off / size * flat
        if point.min() < -1e-12:
            continue
        full = np.zeros(len(weights))
        full[kept] = point
        best = min(best, float(np.linalg.norm(full - weights)))
    return best


def _faces(size: int) -> Iterator[list[int]]:
    for count in range(size, 0, -1):
        for kept in combinations(range(size), count):
            yield list(kept)


def preferred_in_order(values: Any, weights: Any, extra: Any, one: int) -> Any:
    """Bool (n,): rows that `one` leads or ties under all weights in the stated order of importance.

    Enough to look at the corners of that set, where the first m criteria share all weight.
    """
    import numpy as np

    found: Any = np.ones(len(extra), dtype=bool)
    lead: Any = 0.0
    for m, j in enumerate(np.argsort(-weights, kind="stable"), start=1):
        lead = lead + (values[one, j] - values[:, j])
        found &= float(weights.sum()) / m * lead + (extra[one] - extra) >= -1e-12
    return found


def one_weight_change(values: Any, weights: Any, first: int, second: int) -> Any:
    """Amount (k,) to take from each weight, the others unchanged, for `second` to tie with `first`.

    Not possible where it exceeds the weight; nan where both are alike on the criterion. After
    Triantaphyllou and Sanchez 1997, Decision Sciences 28(1).
    """
    import numpy as np

    behind = float((values[second] - values[first]) @ weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = behind / (values[second] - values[first])
    return np.where(np.isfinite(found), found, np.nan)
