"""What it costs to move away from the stack in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.decide.columns import Column
from selector.decide.match import like

if TYPE_CHECKING:
    from selector.decide.recommend import Run


def stays(run: Run) -> Any:
    """True for candidates that are the stack in place, as far as it is described."""
    import numpy as np

    described = run.req.incumbent.stack
    found = like(run, described)
    return found.whole(len(run.stacks)) if found.columns else np.zeros(len(run.stacks), dtype=bool)


def usd(run: Run) -> Any:
    """USD once: the stated cost of switching for every other stack, nothing for the one in place."""
    import numpy as np

    price = run.req.incumbent.switching_cost_usd or 0.0
    if not price:
        return Column(np.zeros(len(run.axes.places)), run.stacks.place)
    return np.where(stays(run), 0.0, price)
