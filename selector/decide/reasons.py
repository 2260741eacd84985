"""Why candidates were left out, the cause first: where nothing is left, the gate that closed last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from selector.decide import show
from selector.types.decision import Exclusion

if TYPE_CHECKING:
    from selector.decide.recommend import Run


def ordered(run: Run, removed: Sequence[Exclusion], feasible: bool) -> tuple[Exclusion, ...]:
    """All exclusions: by count where stacks are left, else from the last gate to the first.

    Gates in the order of the search: options of the slots, places, support and layouts, memory and
    devices, then rules and limits (`removed`).
    """
    options = [Exclusion(why, len(names), sorted(names)[0]) for why, names in run.axes.left_out.items()]
    support = [Exclusion(why, count, first) for why, (count, first) in run.refusals.counts.items()]
    unfit = show.unfit(run) if run.sized is not None else []
    if feasible:
        return tuple(sorted([*options, *support, *unfit, *removed], key=_most))
    # Each gate names its reasons in the order it meets them; what comes last is nearest the cause.
    return (*sorted(removed, key=_most), *unfit, *sorted(support, key=_most), *reversed(options))


def _most(e: Exclusion) -> int:
    return -e.count
