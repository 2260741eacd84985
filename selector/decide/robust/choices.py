"""Near-duplicates are one choice: the same model, hosting, precision and device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide.columns import Column, distinct, numbered, row_by_row
from selector.decide.robust import additive

if TYPE_CHECKING:
    from selector.decide.recommend import Run


@dataclass(frozen=True, slots=True)
class Choices:
    """Candidates that may come first, by choice; the best member of a choice stands for it."""

    rows: Any  # candidates, ascending
    number: Any  # of the choice, for each of `rows`
    best: Any  # candidate that stands for each choice; one of those that only their id tells apart
    head: Any  # where such candidates start in `alike`; -1 where there is one alone
    alike: additive.Order

    def of(self, row: int) -> int:
        """Number of the choice that a candidate belongs to."""
        import numpy as np

        return int(self.number[np.searchsorted(self.rows, row)])

    def standing(self, number: int) -> int:
        """Candidate that stands for a choice, ids settling what nothing else does."""
        start = int(self.head[number])
        if start < 0:
            return int(self.best[number])
        stop = start + 1
        while stop < len(self.alike.rows) and self.alike.tied[stop]:
            stop += 1
        members = [r for r in self.alike.rows[start:stop].tolist() if self.of(r) == number]
        return min(members, key=self.alike.name) if len(members) > 1 else int(members[0])


def keys(run: Run, rows: Any) -> Any:
    """One whole number for each choice."""
    cell, place = _halves(run)
    return row_by_row(lambda part: cell[part] + place[part], rows)


def same(run: Run, rows: Any, one: int) -> Any:
    """Bool: rows of the same choice as one candidate."""
    cell, place = _halves(run)
    alike = cell == cell[one], place == place[one]
    return row_by_row(lambda part: alike[0][part] & alike[1][part], rows)


def _halves(run: Run) -> tuple[Column, Column]:
    """What the cell and what the place says of the choice; their sum is its number."""
    s, axes = run.stacks, run.axes
    hosting, hostings = numbered([q.hosting for q in axes.places])
    formats, devices = len(axes.precisions) + 1, len(axes.devices) + 1
    cell = (s.model.astype(int) * formats + s.precision + 1) * devices + s.device + 1
    return cell * hostings, Column(hosting, s.place)


def of(run: Run, chain: additive.Chain, rows: Any) -> Choices:
    """Choices among some rows, which stand in ascending order."""
    import numpy as np

    key = keys(run, rows)
    found, number = distinct(key, int(key.max()) + 1)
    score = chain.score[rows]
    highest = np.full(len(found), -np.inf)
    np.maximum.at(highest, number, score)
    top = np.nonzero(score == highest.take(number))[0]
    best = np.empty(len(highest), dtype=np.int64)
    best[number[top]] = rows[top]
    # Only where members tie on the score does the rest of the chain decide.
    several = top[np.bincount(number[top], minlength=len(highest))[number[top]] > 1]
    alike = additive.order(chain, rows[several])
    group, first = np.unique(number[np.searchsorted(rows, alike.rows)], return_index=True)
    head = np.full(len(highest), -1, dtype=np.int64)
    head[group], best[group] = first, alike.rows[first]
    return Choices(rows, number, best, head, alike)


def undominated(choices: Choices, values: Any, extra: Any) -> Any:
    """Positions in `choices.rows` that the best member of their choice does not dominate; no other
    member can lead where that one does not lead or tie."""
    import numpy as np

    compared = [(column, column[choices.best]) for column in (extra, *values)]

    def kept(rows: Any, number: Any) -> Any:
        better = rows == choices.best.take(number)
        for column, best in compared:
            better |= column[rows] > best.take(number)
        return better

    return np.nonzero(row_by_row(kept, choices.rows, choices.number))[0]


def leading(values: Any, extra: Any, score: Any, number: Any, looks: int) -> Any:
    """Positions (n,) of candidates that no two others, of two choices, are as good as on everything.

    Whoever is left out never decides where the first place goes, whichever choice is set aside. Not
    all such are found: a few looks, each at the best of those left, take out most.
    """
    import numpy as np

    columns = [extra, *values.T]
    beaten_by = np.full(len(score), -1, dtype=np.int64)
    left, done = np.arange(len(score)), np.zeros(len(score), dtype=bool)
    for _ in range(looks):
        if done.all():
            break
        one = int(np.argmax(np.where(done, -np.inf, score)))
        mine = number[one]
        done[one] = True
        worse = np.logical_and.reduce([column <= column[one] for column in columns])
        # Of those alike the one looked at first counts as better, so that they do not remove each other.
        seen = np.nonzero(worse & done)[0]
        worse[seen[np.logical_and.reduce([column[seen] == column[one] for column in columns])]] = False
        kept = ~worse | (beaten_by < 0) | (beaten_by == mine)
        beaten_by[worse & (beaten_by < 0)] = mine
        left, done, score, number, beaten_by = (x[kept] for x in (left, done, score, number, beaten_by))
        columns = [column[kept] for column in columns]
    return left
