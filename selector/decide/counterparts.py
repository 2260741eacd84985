"""The best hosted and the best self-run stack, for a reader who compares buying with running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selector.decide import show
from selector.decide.robust import additive
from selector.types.decision import RankedStack

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run


def of(
    run: Run, scored: Scored, chain: additive.Chain, allowed: Any, shown: Sequence[int]
) -> tuple[RankedStack, ...]:
    """One of each kind of which none is among the rows shown; ranks are places among all that pass."""
    hosted = run.stacks.cell < 0
    primary = chain.score - additive.BEHIND * chain.late
    found: list[RankedStack] = []
    for kind in (True, False):
        rows = allowed[hosted[allowed] == kind]
        if not len(rows) or any(bool(hosted[row]) == kind for row in shown):
            continue
        row = additive.order(chain, additive.best_of(chain, rows, 1)).first()
        place = 1 + int((primary[allowed] > primary[row]).sum())
        found.append(show.one(run, scored, row, f"H-{len(found) + 1}", place, frozenset()))
    return tuple(found)
