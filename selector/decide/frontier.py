"""What a component could run for less: stacks that no cheaper one betters, to be paid for with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from selector.decide import show
from selector.decide.robust import additive
from selector.types.decision import RankedStack

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

MOST = 40  # stacks of a component


def of(
    run: Run, scored: Scored, chain: additive.Chain, allowed: Any, shown: Sequence[int]
) -> tuple[RankedStack, ...]:
    """Those that are not shown, the best first; labels are their ids, ranks are places among all that
    pass. Stacks whose figures are less known than those of the first are left out where it is known."""
    if not shown:
        return ()
    from selector.decide.composite import shared

    like = allowed[chain.late[allowed] <= chain.late[shown[0]]]
    # People are counted once over the components, so a stack can be the cheapest with or without them.
    kept = {
        row
        for usd in (scored.cost[like], scored.cost[like] - scored.people_usd[like])
        for row in _thinned(_front(usd, scored.score[like], like))
    }
    rows = sorted(kept - set(shown), key=lambda row: (-float(scored.score[row]), chain.name(row)))
    best = scored.score[like]
    places = [1 + int((best > scored.score[row]).sum()) for row in rows]
    return tuple(
        replace(show.one(run, scored, row, chain.name(row), place, frozenset()), fills=shared.fills(run, row))
        for row, place in zip(rows, places, strict=True)
    )


def on_processors(
    run: Run, scored: Scored, chain: additive.Chain, allowed: Any, shown: Sequence[int]
) -> tuple[RankedStack, ...]:
    """The best that runs on processors and is as well known as the first; its label is its id."""
    if not shown:
        return ()
    import numpy as np

    kinds = np.array([d.device.kind == "cpu" for d in run.axes.devices] or [False])
    like = allowed[chain.late[allowed] <= chain.late[shown[0]]]
    like = like[run.stacks.cell[like] >= 0]
    rows = like[kinds[run.stacks.device[like]]]
    if not len(rows):
        return ()
    row = additive.leading(chain, rows)
    place = 1 + int((scored.score[like] > scored.score[row]).sum())
    return (show.one(run, scored, row, chain.name(row), place, frozenset()),)


def _front(usd: Any, score: Any, rows: Any) -> list[int]:
    """Rows of a known cost that score more than every cheaper one, the cheapest first."""
    import numpy as np

    known = np.nonzero(~np.isnan(usd))[0]
    order = known[np.lexsort((-score[known], usd[known]))]
    best = np.maximum.accumulate(score[order])
    first = np.ones(len(order), dtype=bool)
    first[1:] = best[1:] > best[:-1]
    return [int(row) for row in rows[order[first]]]


def _thinned(front: list[int]) -> list[int]:
    """At most `MOST` of them, both ends included."""
    if len(front) <= MOST:
        return front
    return [front[round(i * (len(front) - 1) / (MOST - 1))] for i in range(MOST)]
