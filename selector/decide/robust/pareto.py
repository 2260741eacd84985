"""Who is dominated by whom. Pure functions; columns are criteria of which less is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def front(costs: Any) -> Any:
    """Bool (n,): True for the rows of `costs` (n, m) that no other row dominates.

    A row dominates another where it is no worse on every criterion and better on one; rows that are
    alike do not dominate each other. Rows with an unknown figure (nan) are never on the front.
    """
    import numpy as np

    known = np.nonzero(~np.isnan(costs).any(axis=1))[0]
    # In this order whoever dominates a row stands before it.
    left = known[np.lexsort(costs[known].T[::-1])]
    columns = [column[left] for column in costs.T]
    kept: list[int] = []
    while len(left):
        kept.append(int(left[0]))
        open_ = unbeaten(columns, [column[0] for column in columns])
        open_[0] = False
        left, columns = left[open_], [column[open_] for column in columns]
    found = np.zeros(len(costs), dtype=bool)
    found[kept] = True
    return found


def leading(group: Any, one: Any, other: Any) -> Any:
    """Bool (n,): rows that no other row of their group dominates on two known columns, by one sort."""
    import numpy as np

    order = np.lexsort([other, one, group])
    _, place = np.unique(other, return_inverse=True)
    _, number = np.unique(group, return_inverse=True)
    # Later groups start below all earlier ones, so that one running minimum serves every group.
    key = (place - (int(place.max(initial=0)) + 1) * number)[order]
    lowest = np.minimum.accumulate(key)
    falls = np.ones(len(order), dtype=bool)
    falls[1:] = key[1:] < lowest[:-1]
    at = np.maximum.accumulate(np.where(falls, np.arange(len(order)), 0))
    sorted_ = one[order]
    found = np.zeros(len(order), dtype=bool)
    found[order] = falls | ((key == lowest) & (sorted_ == sorted_[at]))
    return found


def unbeaten(columns: Sequence[Any], one: Sequence[float]) -> Any:
    """Bool (n,): rows, given by their columns, that one point does not dominate."""
    better: Any = False
    same: Any = True
    for column, figure in zip(columns, one, strict=True):
        better = better | ~(column >= figure)
        same = same & (column == figure)
    return better | same


def sieved(columns: Sequence[Any], points: Sequence[Sequence[float]]) -> Any:
    """Positions of the rows, given by their columns, that none of some points dominates."""
    import numpy as np

    left = np.arange(len(columns[0]))
    for one in points:
        open_ = unbeaten(columns, one)
        left, columns = left[open_], [column[open_] for column in columns]
    return left


def dominated_by(costs: Any, row: int) -> Any:
    """Indices of the rows of `costs` (n, m) that dominate one row."""
    import numpy as np

    mine = costs[row]
    return np.nonzero((costs <= mine).all(axis=1) & (costs < mine).any(axis=1))[0]
