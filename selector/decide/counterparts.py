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
    primary = chain.score - additive.BEHIND * chain.late
    found = []
    for number, row in enumerate(rows(run, chain, allowed, shown), 1):
        place = 1 + int((primary[allowed] > primary[row]).sum())
        found.append(show.one(run, scored, row, f"H-{number}", place, frozenset()))
    return tuple(found)


def rows(run: Run, chain: additive.Chain, allowed: Any, shown: Sequence[int]) -> list[int]:
    """Candidates of the kinds that are not shown, hosted before self-run."""
    hosted = run.stacks.cell < 0
    missing = [kind for kind in (True, False) if not any(bool(hosted[row]) == kind for row in shown)]
    found = (best(run, chain, allowed, kind) for kind in missing)
    return [row for row in found if row is not None]


def best(run: Run, chain: additive.Chain, allowed: Any, hosted: bool) -> int | None:
    """The best candidate of one kind that passes."""
    kind = allowed[(run.stacks.cell[allowed] < 0) == hosted]
    return additive.leading(chain, kind) if len(kind) else None
