"""Near-duplicates are one choice: the same model, hosting, precision and device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    import numpy as np

    s = run.stacks
    names = [q.hosting for q in run.axes.places]
    hosting = np.unique(names, return_inverse=True)[1].reshape(-1)[s.place[rows]]
    found = s.model[rows].astype(np.int64) * (len(names) + 1) + hosting
    found = found * (len(run.axes.precisions) + 1) + s.precision[rows] + 1
    return found * (len(run.axes.devices) + 1) + s.device[rows] + 1


def of(run: Run, chain: additive.Chain, rows: Any) -> Choices:
    """Choices among some rows, which stand in ascending order."""
    import numpy as np

    key = keys(run, rows)
    by_key = np.argsort(key, kind="stable")
    starts = np.concatenate([[True], key[by_key][1:] != key[by_key][:-1]])
    number = np.empty(len(rows), dtype=np.int64)
    number[by_key] = np.cumsum(starts) - 1
    score = chain.score[rows]
    highest = np.maximum.reduceat(score[by_key], np.nonzero(starts)[0])
    top = np.nonzero(score == highest[number])[0]
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

    row, best = choices.rows, choices.best[choices.number]
    better = extra[row] > extra[best]
    for column in values:
        better |= column[row] > column[best]
    return np.nonzero(better | (row == best))[0]


def leading(values: Any, extra: Any, score: Any, number: Any, looks: int) -> Any:
    """Positions (n,) of candidates that no two others, of two choices, are as good as on everything.

    Whoever is left out never decides where the first place goes, whichever choice is set aside. Not
    all such are found: a few looks, each at the best of those left, take out most.
    """
    import numpy as np

    beaten_by = np.full(len(score), -1, dtype=np.int64)
    left, done = np.arange(len(score)), np.zeros(len(score), dtype=bool)
    for _ in range(looks):
        open_ = left[~done[left]]
        if not len(open_):
            break
        one = int(open_[np.argmax(score[open_])])
        done[one] = True
        worse = extra[left] <= extra[one]
        for column in values.T:
            worse &= column[left] <= column[one]
        worse &= left != one
        again = worse & (beaten_by[left] >= 0) & (beaten_by[left] != number[one])
        first = worse & (beaten_by[left] < 0)
        beaten_by[left[first]] = number[one]
        left = left[~again]
    return left
