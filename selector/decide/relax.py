"""What would let a stack through: the smallest moves of limits, or of devices and weight formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selector.decide import limits, show
from selector.types.decision import Relaxation

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

MOST_LIMITS = 62  # bits of a mask
MOST_SETS = 8


def relaxations(run: Run, scored: Scored, reasons: Sequence[tuple[str, Any]]) -> tuple[Relaxation, ...]:
    """Minimal sets of limits, each with the stack that asks for the least relative move of them;
    where nothing was sized to fit, the nearest change that does."""
    import numpy as np

    if not len(run.stacks):
        return _that_fits(run)
    if not reasons:
        return ()
    columns = [np.where(col, limits.VIOLATED, limits.OK) for _, col in reasons[:MOST_LIMITS]]
    found = limits.masks(columns, len(run.stacks))
    caps = {c.id: c for c in scored.limits}
    result = []
    for mask in limits.minimal_sets(found)[:MOST_SETS]:
        rows = np.nonzero(found == mask)[0]
        names = [reasons[b][0] for b in range(len(columns)) if mask >> b & 1]
        numeric = [caps[n] for n in names if n in caps and caps[n].cap > 0]
        best = _least(rows, numeric, scored.score)
        moves = [_move(caps.get(n), n, best) for n in names]
        result.append(Relaxation(tuple(names), tuple(moves), show.line(run, best), len(rows)))
    return tuple(result)


def _least(rows: Any, caps: Sequence[limits.Limit], score: Any) -> int:
    """Row that exceeds the caps by the smallest product of ratios; of those alike the best scored."""
    import numpy as np

    far = np.zeros(len(rows))
    for cap in caps:
        with np.errstate(invalid="ignore", divide="ignore"):
            far = far + np.nan_to_num(np.log(cap.column[rows] / cap.cap), nan=np.inf)
    return int(rows[np.lexsort([-score[rows], far])[0]])


def _move(cap: limits.Limit | None, name: str, row: int) -> str:
    if cap is None:
        return f"waive {name}"
    return f"{name} {cap.cap:.4g} -> {cap.column[row]:.4g}"


def _that_fits(run: Run) -> tuple[Relaxation, ...]:
    """For the cell that misses by least: fewer bits on the same devices, more devices, less context."""
    import numpy as np

    from selector.decide import single

    sized, index = run.sized, run.index
    if sized is None or not len(sized.fits) or sized.fits.any():
        return ()
    order = np.argsort(np.where(sized.shortfall > 0, sized.shortfall, np.inf), kind="stable")
    near = int(order[0])
    option = run.axes.models[int(index.model[near])]
    device = run.axes.devices[int(index.device[near])]
    if option.model is None or option.role != "llm":
        return ()
    engine = run.axes.engines[int(index.engine[near])].id
    precision = run.axes.precisions[int(index.precision[near])].id
    count = max([q.available or 0 for q in run.axes.places if q.pool == device.pool] or [0])
    count = count or int(index.tp[near] * index.pp[near])
    found = single.size(
        run.cat,
        option.model,
        device.device,
        count,
        run.load,
        engines=[engine],
        precisions=[precision],
    )
    if found.nearest is None:
        return ()
    stack = f"{option.id} on {device.id} with {engine}, now {precision} on {count}"
    return (Relaxation(("memory",), (found.nearest,), stack, 1),)
