"""Composite stacks of one run, beside its ranking: which techniques apply, and what they would cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from selector.decide.composite import pairs, serving, teams, times
from selector.decide.composite.shares import Shares
from selector.types.composite import Composite, Technique

if TYPE_CHECKING:
    from selector.decide.rank import Ranking
    from selector.decide.recommend import Run

BUILDERS: dict[str, Callable[[Shares, Technique], Composite | None]] = {
    "cascade": pairs.of,
    "router": pairs.of,
    "voting": teams.ensemble,
    "averaging": teams.ensemble,
    "stacking": teams.ensemble,
    "merging": teams.merged,
    "overflow": serving.overflow,
    "disaggregated": serving.apart,
}


def of(run: Run, found: Ranking) -> tuple[Composite, ...]:
    """Those that apply and keep the stated limits, and the budget at their least cost; the cheapest first."""
    if not found.shown:
        return ()
    shares = Shares(run, found)
    task = run.req.application.task
    made = [
        BUILDERS[t.kind](shares, t)
        for t in run.cat.composites.values()
        if t.kind in BUILDERS and (not t.tasks or task in t.tasks)
    ]
    kept = [
        c
        for c in made
        if c is not None and times.kept(c.limits) and times.affordable(found, c.costs[0].usd_per_month)
    ]
    return tuple(sorted(kept, key=lambda c: (middle(c), c.technique)))


def middle(c: Composite) -> float:
    """USD a month at the middle of the rates that are printed."""
    return c.costs[len(c.costs) // 2].usd_per_month.p50
