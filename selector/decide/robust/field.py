"""The first stack and those that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from selector.decide import show
from selector.decide.gate import CRITERIA
from selector.decide.robust import additive, choices
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run


FEW = 16  # kinds of rows that are compared one by one
LOOKS = 10  # of the search for those that never decide


@dataclass(frozen=True, slots=True)
class Field:
    """Candidates that may come first: those that pass and are as certain as the first."""

    run: Run
    scored: Scored
    chain: additive.Chain
    choices: choices.Choices
    first: int
    screen: Sequence[int]  # best of each choice in order, the first stack at its head
    rows: Any  # all that the best of their choice does not dominate
    number: Any  # choice of each of `rows`
    tight: Any  # positions in `rows` that decide where the first place goes
    labels: Mapping[int, str]  # of the candidates that are shown
    refs: dict[int, StackRef] = field(default_factory=dict)  # those made already

    @property
    def weights(self) -> Any:
        """Weights (k,) of the criteria, sum 100."""
        import numpy as np

        return np.array([self.scored.weights[c] for c in CRITERIA])

    def values(self, rows: Any) -> Any:
        """Values (n, k) of some candidates, each criterion in one piece."""
        import numpy as np

        return np.stack([self.scored.values[c][rows] for c in CRITERIA]).T

    def rivals(self, one: int, at: Any = None) -> Any:
        """One candidate, and after it those that it is compared with: not its near-duplicates. `at`
        names positions in `rows`, all where it is left out."""
        import numpy as np

        rows, number = (self.rows, self.number) if at is None else (self.rows[at], self.number[at])
        return np.concatenate([[one], rows[number != self.choices.of(one)]])

    def alike(self, rows: Any) -> Any:
        """Some candidates and those of other choices with the same values and points, which `tight` may
        have left out for them; the choice of the first is not among them."""
        import numpy as np

        # Who has the same values has the same score: few are left to compare.
        near = np.isin(self.chain.score[self.rows], self.chain.score[rows])
        found = self.rows[near & (self.number != self.choices.of(self.first))]
        every, wanted = self._judged(found), np.array(list(set(map(tuple, self._judged(rows).tolist()))))
        if len(wanted) > FEW:
            # Each row as one key: comparing every pair would take minutes where all are tied.
            return found[np.isin(_keys(every), _keys(wanted))]
        same = np.zeros(len(found), dtype=bool)
        for mine in wanted:
            same |= (every == mine).all(axis=1)
        return found[same]

    def _judged(self, rows: Any) -> Any:
        """Values and fixed points (n, k + 1) of some candidates; 0 has one sign."""
        import numpy as np

        return np.column_stack([self.values(rows), self.scored.points[rows]]) + 0.0

    def best(self, rows: Sequence[int]) -> int:
        """The best of some candidates."""
        import numpy as np

        return int(rows[0]) if len(rows) == 1 else additive.order(self.chain, np.asarray(rows)).first()

    def named(self) -> Iterator[int]:
        """What stands for each choice, where several are alike the one that ids settle."""
        for number in range(len(self.choices.best)):
            yield self.choices.standing(number)

    def ref(self, row: int) -> StackRef:
        """A candidate by its id."""
        if row not in self.refs:
            name, what = self.chain.name(row), show.line(self.run, row)
            self.refs[row] = StackRef(name, what, self.labels.get(row))
        return self.refs[row]


def _keys(rows: Any) -> Any:
    """Rows of numbers as one comparable key each."""
    import numpy as np

    packed = np.ascontiguousarray(rows)
    return packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1])))[:, 0]


def of(run: Run, scored: Scored, chain: additive.Chain, allowed: Any, shown: Sequence[int]) -> Field:
    """The field of a ranking that has a first stack."""
    import numpy as np

    first = shown[0]
    found, screen = screened(run, chain, allowed, first)
    peers = found.rows
    thin = choices.undominated(found, [scored.values[c] for c in CRITERIA], scored.points)
    rows, number = peers[thin], found.number[thin]
    values = np.stack([scored.values[c][rows] for c in CRITERIA]).T
    tight = choices.leading(values, scored.points[rows], scored.score[rows], number, LOOKS)
    labels = {row: show.label(i) for i, row in enumerate(shown)}
    return Field(run, scored, chain, found, first, screen, rows, number, tight, labels)


def screened(
    run: Run, chain: additive.Chain, allowed: Any, first: int
) -> tuple[choices.Choices, Sequence[int]]:
    """Choices among the candidates as certain as the first, and the best of them in order."""
    import numpy as np

    found = choices.of(run, chain, allowed[chain.late[allowed] == chain.late[first]])
    most = int(run.p["robust.screen"])
    best = [found.standing(found.of(int(row))) for row in additive.best_of(chain, found.best, most)]
    return found, list(additive.order(chain, np.array(best, dtype=np.int64)))[:most]
