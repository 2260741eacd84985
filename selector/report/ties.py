"""What is practically tied with the first stack, and by which rule."""

from __future__ import annotations

from collections.abc import Sequence

from selector.report.numbers import short
from selector.report.tabular import named, share
from selector.types.robust import Robustness, StackRef

NAMED = 6  # labels in a list of ties


def told(sure: Robustness) -> str:
    """Labels, and how many more are not among the stacks shown, with the one that is most often first."""
    labels = [x.label for x in sure.tied if x.label]
    more = [x for x in sure.tied if not x.label]
    shown = [f"{len(labels)} of the stacks shown"] if len(labels) > NAMED else labels
    return ", ".join([*shown, *([f"{len(more)} not shown{_foremost(sure, more)}"] if more else [])])


def _foremost(sure: Robustness, refs: Sequence[StackRef]) -> str:
    """Of some stacks the one that comes first most often, where the draws have any of them first."""
    of = {x.stack.id: x for x in sure.shares}
    known = [of[r.id] for r in refs if r.id in of]
    if not known:
        return f", nearest {named(refs[0])}"
    best = max(known, key=lambda x: (x.p_best, x.p_beats_first))
    often = f"best in {share(best.p_best)}, ahead in {share(best.p_beats_first)}"
    return f", most often {named(best.stack)}: {often}"


def rule(sure: Robustness) -> str:
    """What practically tied means."""
    points = f"{short(sure.tied_points)} point{'s' * (sure.tied_points != 1)}"
    often = share(sure.tied_probability)
    return f"at most {points} behind the first, or ahead of it in at least {often} of the draws"
