"""Additive score and the exact order of candidates. Pure functions on arrays over n candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

DIGITS = 9
BEHIND = 1e6  # more than any two scores are apart


def total(values: Sequence[Any], weights: Sequence[float], extra: Any) -> Any:
    """Score (n,): weights times values, one column (n,) in 0..1 a criterion, plus fixed points (n,).

    Points where the weights sum to 100. Rounded to nine decimals, so that sums that differ only in
    the last bit tie (section 3.6).
    """
    import numpy as np

    whole: Any = np.zeros(len(extra))
    for column, weight in zip(values, weights, strict=True):
        whole = whole + weight * column
    return np.round(whole + extra, DIGITS)


@dataclass(frozen=True, slots=True)
class Chain:
    """Columns (n,) that the order goes by, the first that differs deciding (section 3.6).

    Later ones rank behind whatever their score; the raw criteria come in descending weight, signed so
    that less is better; `name` gives the id of a row, which decides what nothing else does. Never the
    number of the row: the order of the catalogue must not matter.
    """

    late: Any  # 1 where provisional, 0 else
    score: Any
    raw: Sequence[Any]  # nan where unknown, which is worst
    weights: Sequence[float]  # of `raw`
    at_risk: Any  # limits kept at p50 and not at p90
    unknown: Any  # share of the weight on criteria that nobody knows
    name: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Order:
    """Rows from the best on; `tied` is True where a row differs from the one before by its id only."""

    rows: Any
    tied: Any
    name: Callable[[int], str]

    def __iter__(self) -> Iterator[int]:
        """Rows with ties settled by id; ids are worked out only for runs that are reached."""
        rows, tied = self.rows.tolist(), self.tied.tolist()
        start = 0
        while start < len(rows):
            stop = start + 1
            while stop < len(rows) and tied[stop]:
                stop += 1
            run = rows[start:stop]
            yield from sorted(run, key=self.name) if len(run) > 1 else run
            start = stop

    def first(self) -> int:
        """The best row."""
        return next(iter(self))


def order(chain: Chain, rows: Any) -> Order:
    """Some rows in the order of the chain."""
    import numpy as np

    keys = [chain.unknown[rows], chain.at_risk[rows]]
    # Of equal weights the criterion that is named first decides first.
    ascending = np.argsort(-np.array(chain.weights), kind="stable")[::-1]
    keys += [np.nan_to_num(chain.raw[i][rows], nan=np.inf) for i in ascending]
    keys += [-chain.score[rows], chain.late[rows]]
    ranked = np.lexsort(keys)
    tied = np.zeros(len(rows), dtype=bool)
    if len(rows) > 1:
        tied[1:] = True
        for key in keys:
            tied[1:] &= key[ranked[1:]] == key[ranked[:-1]]
    return Order(rows[ranked], tied, chain.name)


def leading(chain: Chain, rows: Any, score: Any = None) -> int:
    """The best of some rows; by `score`, one for each of them, where it is given and then by the chain."""
    import numpy as np

    if score is not None:
        rounded = np.round(score, DIGITS)
        rows = rows[rounded == rounded.max()]
    return order(chain, best_of(chain, rows, 1)).first()


def best_of(chain: Chain, rows: Any, most: int) -> Any:
    """Rows that can be among the first `most`; sorting millions for ten rows is wasted time."""
    import numpy as np

    if len(rows) <= most:
        return rows
    primary = chain.score[rows] - BEHIND * chain.late[rows]
    cut = np.partition(primary, len(primary) - most)[len(primary) - most]
    return rows[primary >= cut]


def places(scores: Sequence[float]) -> list[int]:
    """Competition ranks (1, 1, 3) of scores that stand in order."""
    found: list[int] = []
    for i, score in enumerate(scores):
        found.append(found[-1] if i and score == scores[i - 1] else i + 1)
    return found
