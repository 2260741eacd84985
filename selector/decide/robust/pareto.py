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
    kept: list[int] = []
    while len(left):
        best, rest = costs[left[0]], costs[left]
        kept.append(int(left[0]))
        beaten = (rest >= best).all(axis=1) & (rest > best).any(axis=1)
        beaten[0] = True
        left = left[~beaten]
    found = np.zeros(len(costs), dtype=bool)
    found[kept] = True
    return found


def unbeaten(columns: Sequence[Any], one: Sequence[float]) -> Any:
    """Bool (n,): rows, given by their columns, that one point does not dominate."""
    better: Any = False
    same: Any = True
    for column, figure in zip(columns, one, strict=True):
        better = better | ~(column >= figure)
        same = same & (column == figure)
    return better | same


def dominated_by(costs: Any, row: int) -> Any:
    """Indices of the rows of `costs` (n, m) that dominate one row."""
    import numpy as np

    mine = costs[row]
    return np.nonzero((costs <= mine).all(axis=1) & (costs < mine).any(axis=1))[0]
