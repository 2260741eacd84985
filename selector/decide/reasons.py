"""Why candidates were left out, and what would let the nearest of them through.

The cause comes first: where nothing is left, the gate that closed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selector.decide import relax, show
from selector.decide.limits import short_of
from selector.decide.robust import additive
from selector.types.decision import Exclusion, Move

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

GIB = 2.0**30


def ordered(run: Run, removed: Sequence[Exclusion], feasible: bool) -> tuple[Exclusion, ...]:
    """All exclusions: by count where stacks are left, else from the last gate to the first.

    Gates in the order of the search: options of the slots, places, support and layouts, memory and
    devices, then rules and limits (`removed`).
    """
    options = [Exclusion(why, len(names), sorted(names)[0]) for why, names in run.axes.left_out.items()]
    support = [Exclusion(why, count, first) for why, (count, first) in run.refusals.counts.items()]
    unfit = _unfit(run) if run.sized is not None else []
    if feasible:
        return tuple(sorted([*options, *support, *unfit, *removed], key=_most))
    # Each gate names its reasons in the order it meets them; what comes last is nearest the cause.
    return (*sorted(removed, key=_most), *unfit, *sorted(support, key=_most), *reversed(options))


def _most(e: Exclusion) -> int:
    return -e.count


def removed(
    run: Run, scored: Scored, chain: additive.Chain, reasons: Sequence[tuple[str, Any]]
) -> list[Exclusion]:
    """Rows removed per reason, and the one that the smallest change would let through: held by as
    few other reasons as can be, then by the least relative moves, then the best in the ranking."""
    import numpy as np

    caps = {c.id: c for c in scored.limits}
    far = relax.distances(reasons, caps)
    held = np.zeros(len(run.stacks), dtype=np.int16)
    for _, column in reasons:
        held += column
    found = []
    for name, column in reasons:
        rows = np.nonzero(column)[0]
        if not len(rows):
            continue
        rows = rows[held[rows] == held[rows].min()]
        distance = relax.whole(reasons, far, rows)
        near = additive.leading(chain, rows[distance == distance.min()])
        others = [n for n, c in reasons if c[near] and n != name]
        moves = relax.moves(run, caps, (name, *others), near)
        count = int(np.count_nonzero(column))
        found.append(Exclusion(name, count, show.line(run, near), _distance(moves), moves))
    return found


def _distance(moves: Sequence[Move]) -> str:
    """How far the nearest is from its limit, and what else it needs."""
    first = moves[0]
    text = first.instead
    if first.now is not None and first.needed is not None:
        times = f" ({first.needed / first.now:.2f}x)" if first.now else ""
        needed, now = relax.apart(first.needed, first.now)
        text = f"{needed} {first.unit} against {now}{times}"
    rest = "; ".join(relax.words(m) for m in moves[1:])
    return "; ".join(x for x in (text, f"also {rest}" if rest else "") if x)


def _unfit(run: Run) -> list[Exclusion]:
    """Cells that memory, device counts or the latency limit rule out, and the nearest."""
    import numpy as np

    assert run.sized is not None
    index, sized = run.index, run.sized
    bad = np.nonzero(~sized.fits)[0]
    if not len(bad):
        return []
    near = int(bad[np.argmin(np.where(sized.shortfall[bad] > 0, sized.shortfall[bad], np.inf))])
    model = run.axes.models[int(index.model[near])].id
    text = (
        f"{model} {run.axes.precisions[int(index.precision[near])].id} on "
        f"{int(index.tp[near] * index.pp[near])}x {run.axes.devices[int(index.device[near])].id}"
    )
    lacks = float(sized.shortfall[near])
    # A single byte stands for a cell that fits and asks for more devices than there are.
    gap = (
        short_of(lacks / GIB)
        if lacks > 1.0
        else "fits in memory; the load asks for more devices than there are"
    )
    return [Exclusion("does not fit in memory, or not in the devices at hand", len(bad), text, gap)]
